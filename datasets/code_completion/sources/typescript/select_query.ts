export type Direction = 'asc' | 'desc';
export type SqlValue = string | number | boolean | null;

export interface Statement {
  text: string;
  values: SqlValue[];
}

export class QueryError extends Error {}

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** Quotes a name such as "issues.title"; only letters, digits and "_" are allowed in its parts. */
export function quoteName(name: string): string {
  const parts = name.split('.');
  if (!parts.every((part) => /^[A-Za-z_]\w*$/.test(part))) {
    throw new QueryError(`not a name: ${name}`);
  }
  return parts.map((part) => `"${part}"`).join('.');
}

/** A condition that knows how to write itself, given a way to add a value. */
type Condition = (add: (value: SqlValue) => string) => string;

/** Builds a SELECT statement; every method returns a new query and leaves this one as it is. */
export class SelectQuery {
  private constructor(
    private readonly table: string,
    private readonly columns: string[] = [],
    private readonly joins: string[] = [],
    private readonly conditions: Condition[] = [],
    private readonly orders: string[] = [],
    private readonly range: { limit?: number; offset?: number } = {},
  ) {}

  static from(table: string): SelectQuery {
    return new SelectQuery(quoteName(table));
  }

  /** Adds columns to those that are selected; without any, all of them are. */
  select(...columns: string[]): SelectQuery {
    return this.with({ columns: [...this.columns, ...columns.map(quoteName)] });
  }

  /** Adds an inner join on two columns being equal. */
  join(table: string, left: string, right: string): SelectQuery {
    const join = `JOIN ${quoteName(table)} ON ${quoteName(left)} = ${quoteName(right)}`;
    return this.with({ joins: [...this.joins, join] });
  }

  /** Adds a comparison with a value; null can only be compared with "=" and "<>". */
  where(column: string, comparison: Comparison, value: SqlValue): SelectQuery {
    if (!COMPARISONS.includes(comparison)) throw new QueryError(`cannot compare by ${comparison}`);
    const name = quoteName(column);
    if (value !== null) return this.and((add) => `${name} ${comparison} ${add(value)}`);
    if (comparison === '=') return this.and(() => `${name} IS NULL`);
    if (comparison === '<>') return this.and(() => `${name} IS NOT NULL`);
    throw new QueryError(`${comparison} cannot be used with null`);
  }

  /** Adds the condition that a column has one of the values, which is never so for none. */
  whereIn(column: string, values: SqlValue[]): SelectQuery {
    const name = quoteName(column);
    if (values.length === 0) return this.and(() => 'FALSE');
    return this.and((add) => `${name} IN (${values.map(add).join(', ')})`);
  }

  /** Adds a search for a text anywhere in a column, letter case ignored. */
  whereContains(column: string, text: string): SelectQuery {
    const name = quoteName(column);
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    return this.and((add) => `${name} ILIKE ${add(pattern)}`);
  }

  orderBy(column: string, direction: Direction = 'asc'): SelectQuery {
    const order = direction === 'desc' ? `${quoteName(column)} DESC` : quoteName(column);
    return this.with({ orders: [...this.orders, order] });
  }

  /** Selects one page, counted from 1. */
  page(number: number, size: number): SelectQuery {
    if (number < 1 || size < 1) throw new QueryError('pages and their size begin at 1');
    return this.with({ range: { limit: size, offset: (number - 1) * size } });
  }

  /** The statement with placeholders, and the values for them. */
  build(): Statement {
    const values: SqlValue[] = [];
    const add = (value: SqlValue) => `$${values.push(value)}`;
    const conditions = this.conditions.map((condition) => condition(add));
    const parts = [`SELECT ${this.columns.join(', ') || '*'} FROM ${this.table}`, ...this.joins];
    if (conditions.length > 0) parts.push(`WHERE ${conditions.join(' AND ')}`);
    if (this.orders.length > 0) parts.push(`ORDER BY ${this.orders.join(', ')}`);
    const { limit, offset } = this.range;
    if (limit) parts.push(`LIMIT ${add(limit)}`);
    if (offset) parts.push(`OFFSET ${add(offset)}`);
    return { text: parts.join(' '), values };
  }

  private and(condition: Condition): SelectQuery {
    return this.with({ conditions: [...this.conditions, condition] });
  }

  private with(changes: {
    columns?: string[];
    joins?: string[];
    conditions?: Condition[];
    orders?: string[];
    range?: { limit?: number; offset?: number };
  }): SelectQuery {
    return new SelectQuery(
      this.table,
      changes.columns ?? this.columns,
      changes.joins ?? this.joins,
      changes.conditions ?? this.conditions,
      changes.orders ?? this.orders,
      changes.range ?? this.range,
    );
  }
}
