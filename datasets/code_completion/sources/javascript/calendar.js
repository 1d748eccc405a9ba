'use strict';

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const UNITS = { day: 1, week: 7 };

/** A day of the calendar, without a time and a time zone; it never changes. */
class Day {
  /** The number of days since 1970-01-01. */
  constructor(number) {
    this.number = number;
  }

  /** Reads 'YYYY-MM-DD'; throws a RangeError for a day that does not exist. */
  static parse(text) {
    const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
    const day = match && Day.of(Number(match[1]), Number(match[2]), Number(match[3]));
    if (!day || String(day) !== text) throw new RangeError(`no such day: ${text}`);
    return day;
  }

  /** The day of a year, a month from 1 and a day; what is too much goes into the next month. */
  static of(year, month, day) {
    return new Day(Date.UTC(year, month - 1, day) / DAY_MS);
  }

  get year() {
    return this.#date().getUTCFullYear();
  }

  get month() {
    return this.#date().getUTCMonth() + 1;
  }

  get day() {
    return this.#date().getUTCDate();
  }

  /** From 1 for Monday to 7 for Sunday. */
  get weekday() {
    return ((((this.number + 3) % 7) + 7) % 7) + 1;
  }

  get isWeekend() {
    return this.weekday > 5;
  }

  /** The ISO week that the day is in: the first week of a year is the one with 4 January. */
  get week() {
    const thursday = this.add(4 - this.weekday);
    const start = Day.of(thursday.year, 1, 1);
    return { year: thursday.year, week: Math.floor((thursday.number - start.number) / 7) + 1 };
  }

  /** Adds days, weeks, months or years; the last day of a month is where a day would be too late. */
  add(count, unit = 'day') {
    if (unit in UNITS) return new Day(this.number + count * UNITS[unit]);
    const months = unit === 'year' ? count * 12 : count;
    const last = Day.of(this.year, this.month + months + 1, 0);
    return Day.of(last.year, last.month, Math.min(this.day, last.day));
  }

  /** The first day of the week (a Monday), month, quarter or year that the day is in. */
  startOf(unit) {
    switch (unit) {
      case 'week':
        return this.add(1 - this.weekday);
      case 'month':
        return Day.of(this.year, this.month, 1);
      case 'quarter':
        return Day.of(this.year, this.month - ((this.month - 1) % 3), 1);
      case 'year':
        return Day.of(this.year, 1, 1);
      default:
        throw new RangeError(`unknown unit: ${unit}`);
    }
  }

  /** The number of days from this day to another one, negative if that is earlier. */
  daysUntil(other) {
    return other.number - this.number;
  }

  /** How many whole years there are from this day to another one. */
  yearsUntil(other) {
    const years = other.year - this.year;
    return this.add(years, 'year').number > other.number ? years - 1 : years;
  }

  /** Writes the day; the pattern has YYYY, MM, DD, D, M and ddd for the weekday. */
  format(pattern) {
    const [year, month, day] = [this.year, this.month, this.day].map(String);
    const parts = {
      YYYY: year.padStart(4, '0'),
      MM: month.padStart(2, '0'),
      DD: day.padStart(2, '0'),
      M: month,
      D: day,
      ddd: WEEKDAYS[this.weekday - 1],
    };
    return pattern.replace(/YYYY|MM|DD|M|D|ddd/g, (name) => parts[name]);
  }

  toString() {
    return this.format('YYYY-MM-DD');
  }

  #date() {
    return new Date(this.number * DAY_MS);
  }
}

/** All days from the first to the last one, both included, or every so many of them. */
function* range(first, last, step = 1) {
  for (let { number } = first; number <= last.number; number += step) yield new Day(number);
}

/** How often each weekday comes up in a range, as an object by the names of weekdays. */
function countWeekdays(first, last) {
  const counts = Object.fromEntries(WEEKDAYS.map((name) => [name, 0]));
  for (const day of range(first, last)) counts[day.format('ddd')] += 1;
  return counts;
}

/** A month as text: a line of weekdays, then one line for each week. */
function renderMonth(year, month) {
  const first = Day.of(year, month, 1);
  const last = first.add(1, 'month').add(-1);
  const cells = [...range(first.startOf('week'), last)].map((day) =>
    (day.month === first.month ? day.format('D') : '').padStart(3),
  );
  const lines = [WEEKDAYS.join(' ')];
  while (cells.length > 0) lines.push(cells.splice(0, 7).join(' '));
  return lines.join('\n');
}

module.exports = { Day, range, countWeekdays, renderMonth };
