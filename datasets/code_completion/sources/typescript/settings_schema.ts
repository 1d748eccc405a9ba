export interface Problem {
  /** Where the value is, such as "runners[0].name"; '' for the whole. */
  path: string;
  message: string;
}

export type Checked<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Checks values of unknown shape, and knows the type that they have afterwards. */
export interface Schema<T> {
  check(value: unknown, path?: string): Checked<T>;
}

export type TypeOf<S> = S extends Schema<infer T> ? T : never;

function valid<T>(value: T): Checked<T> {
  return { ok: true, value };
}

function invalid(path: string, message: string): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [{ path, message }] };
}

/** The name of a value's type in messages; arrays and null have names of their own. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

export function string(options: { pattern?: RegExp; nonEmpty?: boolean } = {}): Schema<string> {
  return {
    check(value, path = '') {
      if (typeof value !== 'string') return invalid(path, `expected string, got ${kindOf(value)}`);
      if (options.nonEmpty && value === '') return invalid(path, 'must not be empty');
      if (options.pattern && !options.pattern.test(value)) {
        return invalid(path, `does not match ${options.pattern.source}`);
      }
      return valid(value);
    },
  };
}

export function integer(min = -Infinity, max = Infinity): Schema<number> {
  return {
    check(value, path = '') {
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        return invalid(path, `expected integer, got ${kindOf(value)}`);
      }
      if (value < min) return invalid(path, `must be at least ${min}`);
      if (value > max) return invalid(path, `must be at most ${max}`);
      return valid(value);
    },
  };
}

export function boolean(): Schema<boolean> {
  return {
    check(value, path = '') {
      if (typeof value === 'boolean') return valid(value);
      return invalid(path, `expected boolean, got ${kindOf(value)}`);
    },
  };
}

/** One of some texts, such as the levels of a log. */
export function oneOf<T extends string>(...choices: T[]): Schema<T> {
  return {
    check(value, path = '') {
      const found = choices.find((choice) => choice === value);
      return found === undefined
        ? invalid(path, `expected one of ${choices.join(', ')}`)
        : valid(found);
    },
  };
}

/** Makes a value that may be left out; the default takes its place then. */
export function withDefault<T>(schema: Schema<T>, fallback: T): Schema<T> {
  return {
    check(value, path) {
      return value === undefined ? valid(fallback) : schema.check(value, path);
    },
  };
}

/** An array, all of whose problems are reported. */
export function list<T>(item: Schema<T>, minLength = 0): Schema<T[]> {
  return {
    check(value, path = '') {
      if (!Array.isArray(value)) return invalid(path, `expected array, got ${kindOf(value)}`);
      if (value.length < minLength) return invalid(path, `needs at least ${minLength} items`);
      const values: T[] = [];
      const problems: Problem[] = [];
      for (const [index, each] of value.entries()) {
        const checked = item.check(each, `${path}[${index}]`);
        if (checked.ok) values.push(checked.value);
        else problems.push(...checked.problems);
      }
      return problems.length > 0 ? { ok: false, problems } : valid(values);
    },
  };
}

/** An object with exactly the given keys; unknown ones are reported, too. */
export function object<T extends object>(shape: { [K in keyof T]: Schema<T[K]> }): Schema<T> {
  return {
    check(value, path = '') {
      if (kindOf(value) !== 'object') return invalid(path, `expected object, got ${kindOf(value)}`);
      const given = value as Record<string, unknown>;
      const at = (key: string) => (path === '' ? key : `${path}.${key}`);
      const result: Record<string, unknown> = {};
      const problems: Problem[] = [];
      for (const [key, schema] of Object.entries<Schema<unknown>>(shape)) {
        const own = Object.hasOwn(given, key) ? given[key] : undefined;
        const checked = schema.check(own, at(key));
        if (checked.ok) result[key] = checked.value;
        else problems.push(...checked.problems);
      }
      for (const key of Object.keys(given)) {
        if (!Object.hasOwn(shape, key)) problems.push({ path: at(key), message: 'unknown key' });
      }
      return problems.length > 0 ? { ok: false, problems } : valid(result as T);
    },
  };
}

/** Adds a rule to a schema: the message of the rule, or null where it holds. */
export function refine<T>(schema: Schema<T>, rule: (value: T) => string | null): Schema<T> {
  return {
    check(value, path = '') {
      const checked = schema.check(value, path);
      const message = checked.ok ? rule(checked.value) : null;
      return message === null ? checked : invalid(path, message);
    },
  };
}

export class SettingsError extends Error {}

/** The checked value, or a SettingsError with one line for each problem. */
export function parseSettings<T>(schema: Schema<T>, value: unknown): T {
  const checked = schema.check(value);
  if (checked.ok) return checked.value;
  const lines = checked.problems.map(({ path, message }) => `${path || 'settings'}: ${message}`);
  throw new SettingsError(lines.join('\n'));
}
