'use strict';

/** A line of a configuration that cannot be understood. */
class ConfigError extends Error {
  constructor(line, message) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

const ESCAPES = { n: '\n', t: '\t', '"': '"', '\\': '\\' };

/** The text between double quotes, with its escapes replaced. */
function unquote(text, line) {
  const match = /^"((?:[^"\\]|\\.)*)"$/.exec(text);
  if (!match) throw new ConfigError(line, 'a quote is missing');
  return match[1].replace(/\\(.)/g, (whole, character) => {
    if (!(character in ESCAPES)) throw new ConfigError(line, `unknown escape ${whole}`);
    return ESCAPES[character];
  });
}

/** What a value means: quoted text, true or false, a number, or else the text itself. */
function parseValue(text, line) {
  if (text.startsWith('"')) return unquote(text, line);
  if (/^(?:true|yes|on)$/i.test(text)) return true;
  if (/^(?:false|no|off)$/i.test(text)) return false;
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Cuts off a comment, which begins with "#" or ";" outside of quotes after a blank. */
function withoutComment(text) {
  const match = /^(?:"(?:[^"\\]|\\.)*"|[^"])*?(?=\s[#;]|$)/.exec(text);
  return (match ? match[0] : text).trim();
}

/**
 * Parses a configuration of sections and keys:
 *
 *   [runner "linux"]     # a section, here with a name
 *   slots = 4
 *   tags[] = docker      # adds to a list
 *
 * Keys before the first section are in the section ''. The result maps sections to objects of
 * their keys; a section that comes again is carried on, a key that comes again is an error.
 */
function parseConfig(source) {
  const config = {};
  let section = '';
  for (const [index, raw] of source.split(/\r?\n/).entries()) {
    const line = index + 1;
    const text = /^\s*[#;]/.test(raw) ? '' : withoutComment(raw);
    if (text === '') continue;
    if (text.startsWith('[')) {
      section = parseHeader(text, line);
      config[section] ??= {};
      continue;
    }

    const match = /^([\w.-]+)(\[\])?\s*=\s*(.*)$/.exec(text);
    if (!match) throw new ConfigError(line, 'expected key = value');
    const [, key, list, value] = match;
    config[section] ??= {};
    const keys = config[section];
    if (list) {
      keys[key] ??= [];
      if (!Array.isArray(keys[key])) throw new ConfigError(line, `${key} is not a list`);
      keys[key].push(parseValue(value, line));
    } else {
      if (Object.hasOwn(keys, key)) throw new ConfigError(line, `${key} is set twice`);
      keys[key] = parseValue(value, line);
    }
  }
  return config;
}

/** The full name of a section: "core", or "runner.linux" for [runner "linux"]. */
function parseHeader(text, line) {
  const match = /^\[\s*([\w-]+)(?:\s+(".*"))?\s*\]$/.exec(text);
  if (!match) throw new ConfigError(line, 'not a section');
  const [, name, quoted] = match;
  return quoted ? `${name}.${unquote(quoted, line)}` : name;
}

/** A text that parseValue turns into the value again. */
function formatValue(value) {
  if (typeof value !== 'string') return String(value);
  const isPlain = value !== '' && value.trim() === value && !/["#;\\\n\t]/.test(value);
  if (isPlain && parseValue(value, 0) === value) return value;
  const escaped = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

/** Writes a configuration in a form that parseConfig reads. */
function formatConfig(config) {
  const blocks = Object.entries(config).map(([section, keys]) => {
    const [name, ...rest] = section.split('.');
    const header = rest.length > 0 ? `[${name} "${rest.join('.')}"]` : `[${name}]`;
    const lines = Object.entries(keys).flatMap(([key, value]) =>
      Array.isArray(value)
        ? value.map((item) => `${key}[] = ${formatValue(item)}`)
        : [`${key} = ${formatValue(value)}`],
    );
    return [...(section === '' ? [] : [header]), ...lines].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** One value by its path, such as "runner.linux.slots", or the fallback. */
function getValue(config, path, fallback = null) {
  const at = path.lastIndexOf('.');
  const keys = config[path.slice(0, Math.max(at, 0))];
  const key = path.slice(at + 1);
  return keys && Object.hasOwn(keys, key) ? keys[key] : fallback;
}

module.exports = { parseConfig, formatConfig, getValue, ConfigError };
