# frozen_string_literal: true

require 'json'

module Config
  # A fault in the settings; `problems` lists all of them.
  class InvalidSettings < StandardError
    attr_reader :problems

    def initialize(problems)
      @problems = problems
      super(problems.join("\n"))
    end
  end

  # The description of one setting. `path` is its name with dots between the levels.
  class Setting
    attr_reader :path, :default

    def initialize(path, type, default: nil, required: false, range: nil, values: nil)
      @path = path
      @type = type
      @default = default
      @required = required
      @range = range
      @values = values
    end

    def required?
      @required
    end

    # The name of the environment variable for this setting, such as APP_MAIL_PORT.
    def variable(prefix)
      "#{prefix}_#{path}".upcase.tr('.-', '__')
    end

    # Turn the text of an environment variable into a value; the text itself if that fails.
    def from_text(text)
      case @type
      when :integer then text.match?(/\A-?\d+\z/) ? text.to_i : text
      when :boolean then { 'true' => true, '1' => true, 'false' => false, '0' => false }.fetch(text.downcase, text)
      when :list then text.split(',').map(&:strip)
      else text
      end
    end

    # What is wrong with a value, or nil.
    def problem(value)
      if !type_fits?(value)
        "#{path}: #{value.inspect} is no #{@type}"
      elsif @range && !@range.cover?(value)
        "#{path}: #{value} is not within #{@range}"
      elsif @values && !@values.include?(value)
        "#{path}: #{value} is not one of #{@values.join(', ')}"
      end
    end

    private

    def type_fits?(value)
      case @type
      when :integer then value.is_a?(Integer)
      when :boolean then [true, false].include?(value)
      when :list then value.is_a?(Array) && value.all?(String)
      else value.is_a?(String)
      end
    end
  end

  # A set of settings that can be loaded from files and the environment.
  class Schema
    def initialize
      @settings = {}
    end

    def add(path, type, **options)
      @settings[path] = Setting.new(path, type, **options)
      self
    end

    # Values from the defaults, then the sources in their order, then the environment.
    #
    # `sources` are JSON texts. Raises InvalidSettings with every problem there is.
    def load(sources, environment: {}, prefix: 'APP')
      problems = []
      values = @settings.transform_values(&:default).compact
      sources.each { |source| values.merge!(flatten(JSON.parse(source))) }
      values.merge!(from_environment(environment, prefix))

      problems.concat(missing(values))
      problems.concat(unknown(values))
      problems.concat(values.filter_map { |path, value| @settings[path]&.problem(value) })
      raise InvalidSettings, problems if problems.any?

      Settings.new(values)
    end

    private

    # { 'mail' => { 'port' => 25 } } becomes { 'mail.port' => 25 }.
    def flatten(tree, parents = [])
      tree.each_with_object({}) do |(key, value), flat|
        path = [*parents, key]
        if value.is_a?(Hash)
          flat.merge!(flatten(value, path))
        else
          flat[path.join('.')] = value
        end
      end
    end

    def from_environment(environment, prefix)
      @settings.values.each_with_object({}) do |setting, found|
        text = environment[setting.variable(prefix)]
        found[setting.path] = setting.from_text(text) if text
      end
    end

    def missing(values)
      names = @settings.values.select(&:required?).map(&:path) - values.keys
      names.map { |name| "#{name}: is required" }
    end

    # Unknown settings, each with the known name that it resembles, if there is one.
    def unknown(values)
      (values.keys - @settings.keys).map do |name|
        similar = @settings.keys.find { |known| distance(known, name) <= 2 }
        "#{name}: is unknown#{", did you mean #{similar}?" if similar}"
      end
    end

    # How many letters must be added, removed or replaced to turn one word into the other.
    def distance(one, other)
      row = (0..other.length).to_a
      one.each_char.with_index(1) do |letter, above|
        last = row
        row = [above]
        other.each_char.with_index do |second, column|
          replaced = last[column] + (letter == second ? 0 : 1)
          row << [replaced, last[column + 1] + 1, row[column] + 1].min
        end
      end
      row.last
    end
  end

  # Values that have been loaded.
  class Settings
    def initialize(values)
      @values = values.freeze
    end

    # The value of a setting; raises KeyError if it has none.
    def [](path)
      @values.fetch(path)
    end

    # All settings below a path, without the path.
    def section(path)
      inside = @values.select { |name, _| name.start_with?("#{path}.") }
      Settings.new(inside.transform_keys { |name| name.delete_prefix("#{path}.") })
    end

    def to_h
      @values.sort.to_h
    end
  end
end
