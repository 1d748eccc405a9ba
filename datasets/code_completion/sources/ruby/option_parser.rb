# frozen_string_literal: true

module Cli
  class UsageError < StandardError; end

  # Describes and parses the command line of one command:
  #
  #     command = Cli::Command.new('release create', 'Create a release') do |c|
  #       c.argument :tag, 'Name of the tag'
  #       c.option :notes, 'FILE', 'Read the notes from a file', short: 'n'
  #       c.flag :draft, 'Do not publish yet'
  #     end
  class Command
    Argument = Struct.new(:name, :text, :required, :many)
    Option = Struct.new(:name, :placeholder, :text, :short, :type, :default, :repeat) do
      def flag?
        placeholder.nil?
      end

      def long
        "--#{name.to_s.tr('_', '-')}"
      end

      # How the option is written in the usage text.
      def spelled
        [short && "-#{short}", long].compact.join(', ') + (flag? ? '' : " #{placeholder}")
      end
    end

    # What a command line consists of: values by option name, and by argument name.
    Parsed = Struct.new(:options, :arguments)

    TYPES = {
      string: ->(text) { text },
      integer: ->(text) { Integer(text, 10) },
      list: ->(text) { text.split(',') }
    }.freeze

    def initialize(name, summary)
      @name = name
      @summary = summary
      @arguments = []
      @options = []
      yield self
    end

    # An argument by position; only the last one can be optional or take many values.
    def argument(name, text, required: true, many: false)
      last = @arguments.last
      raise ArgumentError, "#{last.name} must be last" if last && (last.many || !last.required)

      @arguments << Argument.new(name, text, required, many)
    end

    # An option with a value. With repeat it may be given more than once and has a list of values.
    def option(name, placeholder, text, short: nil, type: :string, default: nil, repeat: false)
      @options << Option.new(name, placeholder, text, short, type, default, repeat)
    end

    # An option without a value; --no-NAME turns it off again.
    def flag(name, text, short: nil)
      @options << Option.new(name, nil, text, short, :string, false, false)
    end

    # Raises UsageError for a command line that does not fit.
    def parse(argv)
      values = {}
      positional = []
      rest = argv.dup
      until rest.empty?
        word = rest.shift
        if word == '--'
          positional.concat(rest)
          break
        elsif word.start_with?('--')
          parse_long(word, rest, values)
        elsif word.match?(/\A-[^-]/)
          parse_short(word[1..], rest, values)
        else
          positional << word
        end
      end
      Parsed.new(defaults.merge(values), assign(positional))
    end

    # The help text.
    def usage
      names = @arguments.map { |argument| placeholder_of(argument) }
      lines = ["Usage: #{[@name, *names].join(' ')}#{' [options]' if @options.any?}", '', @summary]
      lines << '' << 'Arguments:' if @arguments.any?
      lines.concat(table(@arguments.map { |argument| [argument.name.to_s, argument.text] }))
      lines << '' << 'Options:' if @options.any?
      lines.concat(table(@options.map { |option| [option.spelled, option.text] }))
      "#{lines.join("\n")}\n"
    end

    private

    def defaults
      @options.to_h { |option| [option.name, option.repeat ? [] : option.default] }
    end

    # "--name=value", "--name value", "--flag" or "--no-flag".
    def parse_long(word, rest, values)
      name, value = word.split('=', 2)
      option = @options.find { |candidate| candidate.long == name }
      if option.nil?
        negated = @options.find { |candidate| candidate.flag? && candidate.long.sub('--', '--no-') == name }
        raise UsageError, "unknown option: #{name}" unless negated && value.nil?

        values[negated.name] = false
      elsif option.flag?
        raise UsageError, "#{name} takes no value" if value

        values[option.name] = true
      else
        store(option, value || rest.shift, values)
      end
    end

    # A group of short flags, of which the last may be an option: "-v", "-vn FILE", "-nFILE".
    def parse_short(letters, rest, values)
      until letters.empty?
        option = @options.find { |candidate| candidate.short == letters[0] }
        raise UsageError, "unknown option: -#{letters[0]}" unless option

        letters = letters[1..]
        if option.flag?
          values[option.name] = true
        else
          store(option, letters.empty? ? rest.shift : letters, values)
          break
        end
      end
    end

    def store(option, text, values)
      raise UsageError, "#{option.long} needs a value" if text.nil?

      value = convert(option, text)
      if option.repeat
        (values[option.name] ||= []) << value
      else
        values[option.name] = value
      end
    end

    def convert(option, text)
      TYPES.fetch(option.type).call(text)
    rescue ArgumentError
      raise UsageError, "not a valid #{option.type} for #{option.long}: #{text}"
    end

    def assign(words)
      assigned = @arguments.to_h do |argument|
        value = argument.many ? words.slice!(0..) : words.shift
        raise UsageError, "missing argument: #{argument.name}" if argument.required && [nil, []].include?(value)

        [argument.name, value]
      end
      raise UsageError, "unexpected argument: #{words.first}" if words.any?

      assigned
    end

    def placeholder_of(argument)
      text = "#{argument.name.upcase}#{'...' if argument.many}"
      argument.required ? text : "[#{text}]"
    end

    def table(rows)
      width = rows.map { |left, _| left.length }.max
      rows.map { |left, right| "  #{left.ljust(width)}  #{right}" }
    end
  end
end
