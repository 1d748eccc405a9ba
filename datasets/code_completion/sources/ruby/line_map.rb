# frozen_string_literal: true

module Diffs
  # A stretch of changed lines: which lines of the old file became which lines of the new one.
  Hunk = Struct.new(:old_start, :old_count, :new_start, :new_count) do
    # The first old line after the hunk. A hunk without old lines comes after line old_start.
    def old_end
      old_count.zero? ? old_start + 1 : old_start + old_count
    end

    def new_end
      new_count.zero? ? new_start + 1 : new_start + new_count
    end

    def added?
      old_count.zero?
    end

    def removed?
      new_count.zero?
    end
  end

  # Where the lines of a file are after a change, so that comments can move along with them.
  class LineMap
    HEADER = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/

    attr_reader :hunks

    # Read the hunk headers of a diff without context lines (git diff -U0) of one file.
    def self.from_diff(diff)
      numbers = diff.scan(HEADER)
      new(numbers.map { |old, old_count, new, new_count| hunk(old, old_count || 1, new, new_count || 1) })
    end

    def self.hunk(*numbers)
      Hunk.new(*numbers.map(&:to_i))
    end
    private_class_method :hunk

    def initialize(hunks)
      @hunks = hunks.sort_by(&:old_end)
    end

    # The number of an old line in the new file, or nil if the line was changed or removed.
    def new_line(old_line)
      before = hunks.take_while { |hunk| hunk.old_end <= old_line }
      following = hunks[before.length]
      return if following && !following.added? && old_line >= following.old_start

      before.empty? ? old_line : old_line - before.last.old_end + before.last.new_end
    end

    # The number of a new line in the old file, or nil if the line is new or changed.
    def old_line(new_line)
      inverse.new_line(new_line)
    end

    # The map of the change that undoes this one.
    def inverse
      LineMap.new(hunks.map { |h| Hunk.new(h.new_start, h.new_count, h.old_start, h.old_count) })
    end

    # Move a comment on a range of old lines: [first, last] in the new file. The range shrinks to
    # those of its lines that are still there; nil if there are none.
    def move_range(first, last)
      moved = (first..last).filter_map { |line| new_line(line) }
      moved.minmax unless moved.empty?
    end

    # How many lines were added and removed in all.
    def stats
      { added: hunks.sum(&:new_count), removed: hunks.sum(&:old_count) }
    end

    # Hunks of the kind :added, :removed or :changed.
    def only(kind)
      hunks.select do |hunk|
        case kind
        when :added then hunk.added?
        when :removed then hunk.removed?
        when :changed then !hunk.added? && !hunk.removed?
        else raise ArgumentError, "unknown kind: #{kind}"
        end
      end
    end

    # The new lines that a reviewer sees when each hunk is shown with some lines of context, as
    # a list of ranges. Ranges that touch or overlap are one.
    def visible_ranges(context, line_count)
      hunks.each_with_object([]) do |hunk, ranges|
        start = hunk.removed? ? hunk.new_end : hunk.new_start
        first = [start - context, 1].max
        last = [hunk.new_end - 1 + context, line_count].min
        next if first > last

        if ranges.any? && first <= ranges.last.end + 1
          ranges[-1] = ranges.last.begin..last
        else
          ranges << (first..last)
        end
      end
    end
  end
end
