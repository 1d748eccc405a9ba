'use strict';

/** Something is wrong with how the program was called. */
class UsageError extends Error {}

const TYPES = {
  string: (text) => text,
  number(text, name) {
    const number = Number(text);
    if (text.trim() === '' || Number.isNaN(number)) {
      throw new UsageError(`${name} needs a number, not "${text}"`);
    }
    return number;
  },
  choice(text, name, { choices }) {
    if (!choices.includes(text)) {
      throw new UsageError(`${name} must be one of ${choices.join(', ')}`);
    }
    return text;
  },
};

/** "--dry-run" is kept under dryRun. */
function keyOf(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

/**
 * Parses the arguments of a command line by a description of its options.
 *
 * An option is { name, short, type, default, required, many, choices, help }, and its type is one
 * of "flag", "string", "number" and "choice". Options and operands may be mixed; after "--" there
 * are operands only.
 */
class ArgParser {
  constructor(program, options, operands = []) {
    this.program = program;
    this.options = options;
    this.operands = operands;
  }

  /** The options by their keys, and the operands by their names. */
  parse(args) {
    const values = this.defaults();
    const given = new Set();
    const rest = [];
    const queue = [...args];
    while (queue.length > 0) {
      const arg = queue.shift();
      if (arg === '--') {
        rest.push(...queue.splice(0));
      } else if (arg.startsWith('--')) {
        const [name, ...parts] = arg.slice(2).split('=');
        const inline = parts.length > 0 ? parts.join('=') : undefined;
        this.store(values, given, this.find(name), inline, queue);
      } else if (arg.startsWith('-') && arg.length > 1) {
        this.parseShort(values, given, arg, queue);
      } else {
        rest.push(arg);
      }
    }

    const missing = this.options.find(({ name, required }) => required && !given.has(name));
    if (missing) throw new UsageError(`--${missing.name} is required`);
    return { ...values, ...this.assignOperands(rest) };
  }

  /** Reads "-v", "-xvf file" or "-n5": flags first, then perhaps one option with a value. */
  parseShort(values, given, arg, queue) {
    for (let index = 1; index < arg.length; index += 1) {
      const option = this.options.find(({ short }) => short === arg[index]);
      if (!option) throw new UsageError(`unknown option -${arg[index]}`);
      if (option.type === 'flag') {
        this.store(values, given, option, undefined, queue);
      } else {
        this.store(values, given, option, arg.slice(index + 1) || undefined, queue);
        return;
      }
    }
  }

  /** The option of a long name, which may be shortened as long as it is not ambiguous. */
  find(name) {
    const exact = this.options.find((option) => option.name === name);
    if (exact) return exact;
    const fitting = this.options.filter((option) => option.name.startsWith(name));
    if (fitting.length === 1) return fitting[0];
    const reason = fitting.length === 0 ? 'unknown' : 'ambiguous';
    throw new UsageError(`${reason} option --${name}`);
  }

  store(values, given, option, inline, queue) {
    const { name, type, many } = option;
    const key = keyOf(name);
    if (given.has(name) && !many) throw new UsageError(`--${name} is given twice`);
    given.add(name);
    if (type === 'flag') {
      if (inline !== undefined) throw new UsageError(`--${name} takes no value`);
      values[key] = many ? values[key] + 1 : true;
      return;
    }
    if (inline === undefined && queue.length === 0) throw new UsageError(`--${name} needs a value`);
    const value = TYPES[type](inline ?? queue.shift(), `--${name}`, option);
    values[key] = many ? [...values[key], value] : value;
  }

  defaults() {
    const values = {};
    for (const { name, type, many, default: fallback = null } of this.options) {
      if (type === 'flag') values[keyOf(name)] = many ? 0 : false;
      else values[keyOf(name)] = many ? [] : fallback;
    }
    return values;
  }

  /** Names the operands; the name of the last one may end with "..." to take all the others. */
  assignOperands(rest) {
    const result = {};
    const left = [...rest];
    for (const operand of this.operands) {
      if (left.length === 0) throw new UsageError(`${operand} is missing`);
      if (operand.endsWith('...')) result[operand.slice(0, -3)] = left.splice(0);
      else result[operand] = left.shift();
    }
    if (left.length > 0) throw new UsageError(`unexpected ${left[0]}`);
    return result;
  }

  /** The text for --help. */
  help() {
    const rows = this.options.map(({ name, short, type, help }) => {
      const long = type === 'flag' ? `--${name}` : `--${name} <${type}>`;
      return [short ? `-${short}, ${long}` : `    ${long}`, help];
    });
    const width = Math.max(0, ...rows.map(([left]) => left.length));
    const usage = ['usage:', this.program, '[options]', ...this.operands].join(' ');
    return [usage, ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`)].join('\n');
  }
}

module.exports = { ArgParser, UsageError };
