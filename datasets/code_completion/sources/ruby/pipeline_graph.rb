# frozen_string_literal: true

module Ci
  class GraphError < StandardError; end

  # A job of a pipeline. Without `needs` (nil) it waits for all jobs of the earlier stages.
  Job = Struct.new(:name, :stage, :needs, :minutes, keyword_init: true)

  # Which jobs of a pipeline depend on which, and what follows from that.
  class PipelineGraph
    attr_reader :stages, :jobs

    # Build the graph from a configuration such as
    #
    #     { 'stages' => ['build', 'test'], 'jobs' => { 'rspec' => { 'stage' => 'test' } } }
    def self.from_config(config)
      jobs = config.fetch('jobs').map do |name, settings|
        Job.new(
          name: name,
          stage: settings.fetch('stage', 'test'),
          needs: settings['needs'],
          minutes: settings.fetch('minutes', 1)
        )
      end
      new(config.fetch('stages'), jobs)
    end

    # Raises GraphError for unknown stages and needs, and for circles.
    def initialize(stages, jobs)
      @stages = stages
      @jobs = jobs.to_h { |job| [job.name, job] }
      check_stages
      @needs = @jobs.transform_values { |job| needs_of(job) }
      @finish_times = {}
      @jobs.each_key { |name| finish_time(name, []) }
    end

    # The names of the jobs that a job waits for directly, sorted.
    def needs(name)
      @needs.fetch(name)
    end

    # The names of all jobs that cannot run if this one fails, sorted.
    def blocked_by(name)
      blocked = []
      queue = [name]
      until queue.empty?
        current = queue.shift
        direct = @needs.keys.select { |other| @needs[other].include?(current) }
        queue.concat(direct - blocked)
        blocked |= direct
      end
      blocked.sort
    end

    # Lists of jobs that can start together: each one is placed as early as its needs allow.
    def levels
      depths = {}
      by_finish_order.each do |name|
        depths[name] = @needs[name].map { |need| depths[need] + 1 }.max || 0
      end
      depths.keys.group_by { |name| depths[name] }.values.map(&:sort)
    end

    # How many minutes the pipeline takes if there is a runner for every job.
    def duration
      @finish_times.values.max || 0
    end

    # The chain of jobs that decides how long the pipeline takes, from its first job on.
    def critical_path
      path = []
      candidates = @jobs.keys
      until candidates.empty?
        last = candidates.max_by { |name| [@finish_times[name], name] }
        path.unshift(last)
        candidates = @needs[last]
      end
      path
    end

    # The graph in the DOT language, for drawing it.
    def to_dot
      edges = @needs.sort.flat_map do |name, needed|
        needed.map { |need| "  \"#{need}\" -> \"#{name}\";\n" }
      end
      "digraph pipeline {\n#{edges.join}}\n"
    end

    private

    def check_stages
      @jobs.each_value do |job|
        next if @stages.include?(job.stage)

        raise GraphError, "#{job.name} has the unknown stage #{job.stage}"
      end
    end

    def needs_of(job)
      return earlier_jobs(job.stage).map(&:name).sort if job.needs.nil?

      missing = job.needs.find { |need| !@jobs.key?(need) }
      raise GraphError, "#{job.name} needs the unknown job #{missing}" if missing

      job.needs.uniq.sort
    end

    def earlier_jobs(stage)
      earlier = @stages.take_while { |other| other != stage }
      @jobs.values.select { |job| earlier.include?(job.stage) }
    end

    # The minute in which a job ends; `chain` are the jobs that wait for it.
    def finish_time(name, chain)
      raise GraphError, "circle: #{[*chain, name].join(' -> ')}" if chain.include?(name)

      @finish_times[name] ||= begin
        start = @needs[name].map { |need| finish_time(need, [*chain, name]) }.max || 0
        start + @jobs[name].minutes
      end
    end

    # Every job comes after all jobs that it needs.
    def by_finish_order
      @finish_times.keys
    end
  end
end
