# frozen_string_literal: true

require 'date'

# Validations for models, in the manner of well-known frameworks but much smaller.
module Validations
  # Raised by save! for an object that is not valid.
  class RecordInvalid < StandardError; end

  # Messages by attribute name.
  class Errors
    def initialize
      @messages = Hash.new { |messages, name| messages[name] = [] }
    end

    def add(name, message)
      @messages[name] << message unless @messages[name].include?(message)
    end

    def [](name)
      @messages.fetch(name, [])
    end

    def empty?
      @messages.empty?
    end

    def count
      @messages.values.sum(&:length)
    end

    # Sentences such as "Due date is missing"; messages for :base stand alone.
    def full_messages
      @messages.flat_map do |name, messages|
        label = name.to_s.tr('_', ' ').capitalize
        messages.map { |message| name == :base ? message : "#{label} #{message}" }
      end
    end
  end

  # A rule for one attribute; `check` returns the message of a fault, or nil.
  Rule = Struct.new(:name, :options, :check) do
    def applies_to?(record, value)
      return false if options[:allow_nil] && value.nil?

      condition = options[:if]
      condition.nil? || record.send(condition)
    end
  end

  def self.included(base)
    base.extend(ClassMethods)
  end

  # What a class that includes Validations has.
  module ClassMethods
    # The rules of the class, after those of the class above it.
    def rules
      inherited = superclass.respond_to?(:rules) ? superclass.rules : []
      inherited + own_rules
    end

    # Values that are nil, empty or blank are missing.
    def validates_presence_of(*names, **options)
      rule(names, options) { |value| 'is missing' if value.nil? || value.to_s.strip.empty? }
    end

    # `within` is a range of lengths.
    def validates_length_of(*names, within:, **options)
      rule(names, options) do |value|
        length = value.to_s.length
        if within.begin && length < within.begin
          "is too short (minimum is #{within.begin})"
        elsif within.end && length > within.end
          "is too long (maximum is #{within.end})"
        end
      end
    end

    def validates_inclusion_of(*names, in:, **options)
      allowed = binding.local_variable_get(:in)
      rule(names, options) { |value| "is not one of: #{allowed.join(', ')}" unless allowed.include?(value) }
    end

    def validates_format_of(*names, with:, message: 'has the wrong format', **options)
      rule(names, options) { |value| message unless with.match?(value.to_s) }
    end

    # The names of methods that look at the whole record and add errors themselves.
    def validate(*methods)
      methods.each { |name| own_rules << name }
    end

    private

    def own_rules
      @own_rules ||= []
    end

    def rule(names, options, &check)
      names.each { |name| own_rules << Rule.new(name, options, check) }
    end
  end

  def errors
    @errors ||= Errors.new
  end

  # Run all rules anew; true if there are no faults.
  def valid?
    @errors = Errors.new
    self.class.rules.each do |rule|
      next send(rule) if rule.is_a?(Symbol)

      value = public_send(rule.name)
      next unless rule.applies_to?(self, value)

      message = rule.check.call(value)
      errors.add(rule.name, message) if message
    end
    errors.empty?
  end

  # Returns the record; raises RecordInvalid with all messages if it is not valid.
  def save!
    raise RecordInvalid, errors.full_messages.join('; ') unless valid?

    self
  end
end

# A stretch of time that issues are planned for.
class Milestone
  include Validations

  attr_accessor :title, :state, :start_date, :due_date

  validates_presence_of :title
  validates_length_of :title, within: 3..20, allow_nil: true
  validates_inclusion_of :state, in: %w[active closed]
  validates_presence_of :due_date, if: :closed?
  validate :dates_in_order

  def initialize(title: nil, state: 'active', start_date: nil, due_date: nil)
    @title = title
    @state = state
    @start_date = start_date && Date.iso8601(start_date)
    @due_date = due_date && Date.iso8601(due_date)
  end

  def closed?
    state == 'closed'
  end

  private

  def dates_in_order
    return unless start_date && due_date

    errors.add(:base, 'The start must not be after the end') if start_date > due_date
  end
end

# A milestone that belongs to a release and is named after its version.
class ReleaseMilestone < Milestone
  validates_format_of :title, with: /\A\d+\.\d+\z/, message: 'is not a version'
end
