/** How many decimal places the currencies have. */
const DECIMALS: Record<string, number> = { EUR: 2, USD: 2, CHF: 2, JPY: 0, KWD: 3 };

export class MoneyError extends Error {}

export type Rounding = 'half-up' | 'half-even' | 'down';

/** Divides and rounds to a whole number; "up" means away from zero, "down" towards it. */
export function divide(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = dividend / divisor;
  const remainder = dividend % divisor;
  if (remainder === 0n || rounding === 'down') return quotient;

  const away = dividend < 0n === divisor < 0n ? 1n : -1n;
  const twice = 2n * abs(remainder);
  const limit = abs(divisor);
  if (twice > limit) return quotient + away;
  if (twice < limit) return quotient;
  return rounding === 'half-up' || quotient % 2n !== 0n ? quotient + away : quotient;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The decimal places of a currency. Throws a MoneyError for one that is not known. */
function decimalsOf(currency: string): number {
  if (!Object.hasOwn(DECIMALS, currency)) throw new MoneyError(`unknown currency: ${currency}`);
  return DECIMALS[currency];
}

/** An amount of money in the smallest unit of its currency, such as cents. */
export class Money {
  constructor(
    readonly units: bigint,
    readonly currency: string,
  ) {
    decimalsOf(currency);
  }

  /** Reads an amount such as "-1234.5 EUR"; it has at most the decimals of its currency. */
  static parse(text: string): Money {
    const match = /^(-?)(\d+)(?:\.(\d+))? ([A-Z]{3})$/.exec(text);
    if (!match) throw new MoneyError(`not an amount: ${text}`);
    const [, sign, whole, fraction = '', currency] = match;
    const decimals = decimalsOf(currency);
    if (fraction.length > decimals) throw new MoneyError(`too many decimals: ${text}`);
    const units = BigInt(whole + fraction.padEnd(decimals, '0'));
    return new Money(sign ? -units : units, currency);
  }

  add(other: Money): Money {
    this.requireSame(other);
    return new Money(this.units + other.units, this.currency);
  }

  subtract(other: Money): Money {
    return this.add(other.negate());
  }

  negate(): Money {
    return new Money(-this.units, this.currency);
  }

  /** Negative, zero or positive, as for sorting. */
  compare(other: Money): number {
    this.requireSame(other);
    if (this.units === other.units) return 0;
    return this.units < other.units ? -1 : 1;
  }

  /** Takes a percentage, given in hundredths of a percent: 1900 is 19 %. */
  percent(hundredths: number, rounding: Rounding = 'half-up'): Money {
    return new Money(divide(this.units * BigInt(hundredths), 10000n, rounding), this.currency);
  }

  /**
   * Splits the amount by weights so that nothing is lost. Each part is rounded down first; the
   * units that are left go to the parts one by one, from the first one on, skipping weights of 0.
   */
  allocate(weights: number[]): Money[] {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total <= 0 || weights.some((weight) => weight < 0)) {
      throw new MoneyError('weights must not be negative, and not all 0');
    }
    const parts = weights.map((weight) =>
      divide(this.units * BigInt(weight), BigInt(total), 'down'),
    );
    let left = this.units - parts.reduce((sum, part) => sum + part, 0n);
    const step = left < 0n ? -1n : 1n;
    for (let index = 0; left !== 0n; index += 1) {
      if (weights[index] === 0) continue;
      parts[index] += step;
      left -= step;
    }
    return parts.map((part) => new Money(part, this.currency));
  }

  /** Writes the amount with all decimals and the given separators, such as "1,234.50 EUR". */
  format(group = ',', point = '.'): string {
    const decimals = decimalsOf(this.currency);
    const digits = abs(this.units)
      .toString()
      .padStart(decimals + 1, '0');
    const whole = digits.slice(0, digits.length - decimals);
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
    const fraction = decimals > 0 ? point + digits.slice(-decimals) : '';
    return `${this.units < 0n ? '-' : ''}${grouped}${fraction} ${this.currency}`;
  }

  private requireSame(other: Money): void {
    if (other.currency !== this.currency) {
      throw new MoneyError(`cannot combine ${this.currency} and ${other.currency}`);
    }
  }
}

/** The sum of amounts of one currency; there must be at least one. */
export function sum(amounts: Money[]): Money {
  if (amounts.length === 0) throw new MoneyError('nothing to add up');
  return amounts.reduce((total, amount) => total.add(amount));
}
