# frozen_string_literal: true

module Database
  class QueryError < StandardError; end

  # A SELECT statement that is put together step by step. Every step returns a new query:
  #
  #     Query.from('issues').where(state: 'opened').order(created_at: :desc).limit(20).to_sql
  class Query
    NAME = /\A[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?\z/
    DIRECTIONS = { asc: 'ASC', desc: 'DESC' }.freeze
    MAX_LIMIT = 100

    def self.from(table)
      new(table: table, columns: [], joins: [], conditions: [], orders: [], limit: nil, offset: 0)
    end

    def initialize(**parts)
      @parts = parts
    end

    # Columns to select; without any it is all columns of the table.
    def select(*columns)
      with(columns: @parts[:columns] | columns)
    end

    # Join another table on equal columns, given as { 'projects.id' => 'issues.project_id' }.
    def join(table, on, outer: false)
      pairs = on.map { |left, right| "#{quote(left)} = #{quote(right)}" }
      kind = outer ? 'LEFT JOIN' : 'JOIN'
      with(joins: @parts[:joins] + ["#{kind} #{quote(table)} ON #{pairs.join(' AND ')}"])
    end

    # Conditions that must all hold. A list means one of its values, a range its limits, nil that
    # there is no value.
    def where(**conditions)
      with(conditions: @parts[:conditions] + conditions.map { |column, value| condition(column, value) })
    end

    # Conditions of which none may hold.
    def where_not(**conditions)
      negated = conditions.map do |column, value|
        sql, values = condition(column, value)
        ["NOT (#{sql})", values]
      end
      with(conditions: @parts[:conditions] + negated)
    end

    # Rows in which a column contains a text; wildcards in the text have no meaning.
    def search(column, text)
      escaped = text.gsub(/[\\%_]/) { |sign| "\\#{sign}" }
      with(conditions: @parts[:conditions] + [["#{quote(column)} ILIKE ?", ["%#{escaped}%"]]])
    end

    def order(**orders)
      terms = orders.map do |column, direction|
        word = DIRECTIONS.fetch(direction) { raise QueryError, "no direction: #{direction}" }
        "#{quote(column)} #{word}"
      end
      with(orders: @parts[:orders] + terms)
    end

    # At most MAX_LIMIT rows can be asked for.
    def limit(count)
      raise QueryError, "not a limit: #{count}" unless count.positive?

      with(limit: [count, MAX_LIMIT].min)
    end

    # The page with a number from 1 on.
    def page(number, per_page: 20)
      limited = limit(per_page)
      limited.with(offset: (number - 1) * limited.parts[:limit])
    end

    # The statement and its values; placeholders are "?".
    def to_sql
      conditions = @parts[:conditions]
      sql = "SELECT #{selection} FROM #{quote(@parts[:table])}"
      @parts[:joins].each { |join| sql += " #{join}" }
      sql += " WHERE #{conditions.map(&:first).join(' AND ')}" if conditions.any?
      sql += " ORDER BY #{@parts[:orders].join(', ')}" if @parts[:orders].any?
      sql += " LIMIT #{@parts[:limit]}" if @parts[:limit]
      sql += " OFFSET #{@parts[:offset]}" if @parts[:offset].positive?
      [sql, conditions.flat_map(&:last)]
    end

    protected

    attr_reader :parts

    def with(**changes)
      Query.new(**@parts, **changes)
    end

    private

    def selection
      return "#{quote(@parts[:table])}.*" if @parts[:columns].empty?

      @parts[:columns].map { |column| quote(column) }.join(', ')
    end

    # A condition's SQL and its values.
    def condition(column, value)
      name = quote(column)
      case value
      when nil then ["#{name} IS NULL", []]
      when [] then ['FALSE', []]
      when Array then ["#{name} IN (#{(['?'] * value.length).join(', ')})", value]
      when Range then range_condition(name, value)
      else ["#{name} = ?", [value]]
      end
    end

    def range_condition(name, range)
      terms = []
      terms << ["#{name} >= ?", range.begin] if range.begin
      terms << ["#{name} #{range.exclude_end? ? '<' : '<='} ?", range.end] if range.end
      [terms.map(&:first).join(' AND '), terms.map(&:last)]
    end

    def quote(name)
      raise QueryError, "not a name: #{name}" unless NAME.match?(name)

      name.to_s.split('.').map { |part| %("#{part}") }.join('.')
    end
  end
end
