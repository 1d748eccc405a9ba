# frozen_string_literal: true

require 'date'

module OnCall
  # A stretch of days; both the first and the last day belong to it.
  class Span
    attr_reader :first, :last

    def self.parse(first, last)
      new(Date.iso8601(first), Date.iso8601(last))
    end

    def initialize(first, last)
      raise ArgumentError, "#{first} is after #{last}" if first > last

      @first = first
      @last = last
    end

    def days
      (last - first).to_i + 1
    end

    def cover?(day)
      first <= day && day <= last
    end

    # The days that two spans share, or nil.
    def intersect(other)
      from = [first, other.first].max
      to = [last, other.last].min
      Span.new(from, to) if from <= to
    end

    # What is left of this span without another one: none, one or two spans.
    def subtract(other)
      return [self] unless intersect(other)

      rest = []
      rest << Span.new(first, other.first - 1) if first < other.first
      rest << Span.new(other.last + 1, last) if last > other.last
      rest
    end

    def to_s
      first == last ? first.iso8601 : "#{first.iso8601}..#{last.iso8601}"
    end
  end

  # A shift of one person, who may be nil while nobody is found.
  Shift = Struct.new(:person, :span)

  # Who is on call when: people take turns, and single stretches may be swapped.
  class Rota
    attr_reader :people

    # Each of the people is on call for a number of days, one after the other, from `start` on.
    def initialize(people, start:, days: 7)
      raise ArgumentError, 'nobody to be on call' if people.empty?

      @people = people
      @start = Date.iso8601(start)
      @days = days
      @overrides = []
      @absences = Hash.new { |absences, person| absences[person] = [] }
    end

    # Let someone else be on call for a while. Later overrides go before earlier ones.
    def override(person, first, last)
      @overrides.unshift(Shift.new(person, Span.parse(first, last)))
      self
    end

    # Someone is away; the next one in turn who is there stands in.
    def absent(person, first, last)
      @absences[person] << Span.parse(first, last)
      self
    end

    # The person on call on a day, or nil before the start and if everyone is away.
    def on(day)
      override = @overrides.find { |shift| shift.span.cover?(day) }
      return override.person if override
      return if day < @start

      turn = (day - @start).to_i / @days
      order = people.rotate(turn % people.length)
      order.find { |person| present?(person, day) }
    end

    # The shifts within a span. Days in a row with the same person are one shift.
    def shifts(span)
      days = (span.first..span.last).to_a
      runs = days.slice_when { |one, other| on(one) != on(other) }
      runs.map { |run| Shift.new(on(run.first), Span.new(run.first, run.last)) }
    end

    # The number of days for each person within a span, most first, then by name. Saturdays
    # and Sundays count double.
    def load(span)
      totals = people.to_h { |person| [person, 0] }
      (span.first..span.last).each do |day|
        person = on(day)
        totals[person] = totals.fetch(person, 0) + weight(day) if person
      end
      totals.sort_by { |person, total| [-total, person] }.to_h
    end

    # The stretches within a span for which nobody is found.
    def gaps(span)
      shifts(span).select { |shift| shift.person.nil? }.map(&:span)
    end

    # Days on which a person could help out: there and not on call.
    def free_spans(person, span)
      busy = shifts(span).select { |shift| shift.person == person }.map(&:span)
      (busy + @absences.fetch(person, [])).reduce([span]) do |free, taken|
        free.flat_map { |part| part.subtract(taken) }
      end
    end

    private

    def present?(person, day)
      @absences.fetch(person, []).none? { |span| span.cover?(day) }
    end

    def weight(day)
      day.saturday? || day.sunday? ? 2 : 1
    end
  end
end
