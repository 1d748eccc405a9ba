interface Field {
  name: string;
  min: number;
  max: number;
  names?: string[];
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const WEEKDAYS = 'sun mon tue wed thu fri sat'.split(' ');

const FIELDS: Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'weekday', min: 0, max: 7, names: WEEKDAYS },
];

const ALIASES: Record<string, string> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * sun',
  '@monthly': '0 0 1 * *',
};

const MINUTE_MS = 60_000;

/** No pattern needs more days than this to come up again: from one 29 February to another. */
const MAX_DAYS = 366 * 8;

export class CronError extends Error {}

function parseNumber(text: string, field: Field): number {
  const index = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (index >= 0) return index + field.min;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(number >= field.min && number <= field.max)) {
    throw new CronError(`${text} is no ${field.name}`);
  }
  return number;
}

/** Reads one field, such as "1,10-20/2" or "mon-fri", as the set of its numbers. */
export function parseField(text: string, field: Field): Set<number> {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [range, step = '1'] = part.split('/');
    const [from, to] = range.split('-');
    let first = field.min;
    let last = field.max;
    if (range !== '*') {
      first = parseNumber(from, field);
      if (to !== undefined) last = parseNumber(to, field);
      else if (!part.includes('/')) last = first;
    }
    if (!/^[1-9]\d*$/.test(step) || first > last) {
      throw new CronError(`${part} is no range of the ${field.name}`);
    }
    for (let number = first; number <= last; number += Number(step)) numbers.add(number);
  }
  return numbers;
}

/** A pattern of five fields: minute, hour, day, month and weekday. All times are in UTC. */
export class CronSchedule {
  private readonly minutes: Set<number>;
  private readonly hours: Set<number>;
  private readonly days: Set<number>;
  private readonly months: Set<number>;
  private readonly weekdays: Set<number>;
  /** If day and weekday are both restricted, it is enough that one of them fits. */
  private readonly eitherDay: boolean;

  constructor(pattern: string) {
    const fields = (ALIASES[pattern] ?? pattern).trim().split(/\s+/);
    if (fields.length !== FIELDS.length) throw new CronError(`not five fields: ${pattern}`);
    const sets = fields.map((text, index) => parseField(text, FIELDS[index]));
    [this.minutes, this.hours, this.days, this.months, this.weekdays] = sets;
    if (this.weekdays.has(7)) this.weekdays.add(0);
    this.eitherDay = fields[2] !== '*' && fields[4] !== '*';
  }

  /** Whether the schedule is due in the minute of a time. */
  isDue(time: Date): boolean {
    return (
      this.fitsDay(time) &&
      this.hours.has(time.getUTCHours()) &&
      this.minutes.has(time.getUTCMinutes())
    );
  }

  /** The first minute after a time in which the schedule is due, or null if there is none. */
  next(after: Date): Date | null {
    let time = new Date((Math.floor(after.getTime() / MINUTE_MS) + 1) * MINUTE_MS);
    for (let days = 0; days <= MAX_DAYS; days += 1) {
      const day = time.getUTCDate();
      while (this.fitsDay(time) && time.getUTCDate() === day) {
        if (this.isDue(time)) return time;
        time = new Date(time.getTime() + MINUTE_MS);
      }
      if (time.getUTCDate() === day) {
        const midnight = Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), day + 1);
        time = new Date(midnight);
      }
    }
    return null;
  }

  /** The next times at which the schedule is due, as texts without seconds. */
  upcoming(after: Date, count: number): string[] {
    const times: string[] = [];
    let time = this.next(after);
    while (time && times.length < count) {
      times.push(time.toISOString().slice(0, 16).replace('T', ' '));
      time = this.next(time);
    }
    return times;
  }

  private fitsDay(time: Date): boolean {
    const fitsDate = this.days.has(time.getUTCDate());
    const fitsWeekday = this.weekdays.has(time.getUTCDay());
    const fits = this.eitherDay ? fitsDate || fitsWeekday : fitsDate && fitsWeekday;
    return fits && this.months.has(time.getUTCMonth() + 1);
  }
}
