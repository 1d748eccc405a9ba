# frozen_string_literal: true

module Billing
  # An amount of money in the smallest unit of a currency.
  class Money
    include Comparable

    # How many digits after the point a currency has; two if it is not listed.
    DECIMALS = { 'JPY' => 0, 'KWD' => 3 }.freeze

    attr_reader :minor, :currency

    # Read an amount such as "12.5"; more decimals than the currency has are an error.
    def self.parse(text, currency)
      decimals = DECIMALS.fetch(currency, 2)
      match = /\A(-?)(\d+)(?:\.(\d+))?\z/.match(text)
      raise ArgumentError, "not an amount: #{text}" unless match

      fraction = match[3].to_s
      raise ArgumentError, "too many decimals: #{text}" if fraction.length > decimals

      minor = "#{match[2]}#{fraction.ljust(decimals, '0')}".to_i
      new(match[1] == '-' ? -minor : minor, currency)
    end

    def initialize(minor, currency)
      @minor = minor
      @currency = currency
    end

    def +(other)
      check_currency(other)
      Money.new(minor + other.minor, currency)
    end

    def -(other)
      self + other * -1
    end

    # Multiply by a number; halves are rounded away from zero.
    def *(other)
      Money.new((minor * other.to_r).round, currency)
    end

    def <=>(other)
      check_currency(other)
      minor <=> other.minor
    end

    def zero?
      minor.zero?
    end

    # The amount with thousands separated by commas, such as "-1,234.50 EUR".
    def to_s
      decimals = DECIMALS.fetch(currency, 2)
      digits = minor.abs.to_s.rjust(decimals + 1, '0')
      whole = digits[0, digits.length - decimals].gsub(/(?<=\d)(?=(?:\d{3})+\z)/, ',')
      fraction = decimals.zero? ? '' : ".#{digits[-decimals..]}"
      "#{'-' if minor.negative?}#{whole}#{fraction} #{currency}"
    end

    private

    def check_currency(other)
      return if currency == other.currency

      raise ArgumentError, "cannot mix #{currency} and #{other.currency}"
    end
  end

  # One line of an invoice; tax_percent is nil for what is not taxed.
  Line = Struct.new(:text, :quantity, :price, :tax_percent) do
    def net
      price * quantity
    end
  end

  # A list of lines with discounts and taxes.
  class Invoice
    attr_reader :currency, :lines

    def initialize(currency)
      @currency = currency
      @lines = []
      @discount_percent = 0
    end

    def add(text, price, quantity: 1, tax_percent: nil)
      lines << Line.new(text, quantity, Money.parse(price, currency), tax_percent)
      self
    end

    # A discount on all lines; the larger one counts if it is called again.
    def discount(percent)
      raise ArgumentError, "not a percentage: #{percent}" unless (0..100).cover?(percent)

      @discount_percent = [@discount_percent, percent].max
      self
    end

    def net
      sum(lines.map { |line| discounted(line.net) })
    end

    # The taxes by percentage, highest first. Each is rounded once, for all of its lines.
    def taxes
      taxed = lines.select(&:tax_percent).group_by(&:tax_percent)
      taxed.sort.reverse.to_h do |percent, group|
        [percent, sum(group.map { |line| discounted(line.net) }) * Rational(percent, 100)]
      end
    end

    def total
      sum([net, *taxes.values])
    end

    # The invoice as text, with all amounts in one column.
    def to_s
      rows = lines.map { |line| ["#{line.quantity} x #{line.text}", line.net] }
      rows << ["Discount #{@discount_percent}%", net - sum(lines.map(&:net))] if @discount_percent > 0
      rows.concat(taxes.map { |percent, amount| ["Tax #{percent}%", amount] })
      rows << ['Total', total]
      width = rows.map { |text, _| text.length }.max
      rows.map { |text, amount| "#{text.ljust(width)}  #{amount.to_s.rjust(14)}\n" }.join
    end

    private

    def discounted(amount)
      amount * Rational(100 - @discount_percent, 100)
    end

    def sum(amounts)
      amounts.reduce(Money.new(0, currency), :+)
    end
  end
end
