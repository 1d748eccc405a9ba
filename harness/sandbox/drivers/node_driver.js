// Runs inside the sandbox: loads one JavaScript program, does its steps, reports each on the report descriptor.
// Stands alone (node only). Reads one JSON object on standard input: path, source, steps [{run} | {plain}].
// Writes JSON lines: {"loaded"}, then one {"step", "value" | "raised", "message"} a step that has something to say.
'use strict';

const fs = require('node:fs');
const vm = require('node:vm');

const job = JSON.parse(fs.readFileSync(0, 'utf8'));
const reportTo = Number(process.argv[2]);
// What reports is taken out of reach of names the program may rebind.
const { stringify } = JSON;
const writeSync = fs.writeSync.bind(fs);
const exit = process.reallyExit.bind(process);
const report = (event) => writeSync(reportTo, stringify(event) + '\n');

function nameOf(error) {
  const name = (error && error.constructor && error.constructor.name) || typeof error;
  return name === 'RangeError' && /allocation failed/.test(error.message) ? 'MemoryError' : name;
}
const messageOf = (error) => {
  try {
    return String(error && error.message !== undefined ? error.message : error).slice(0, 500);
  } catch {
    return '';
  }
};

// `value` as JSON data; what JSON would silently drop or change is an error instead.
function plain(value, depth = 0) {
  if (depth > 50) throw new TypeError('the value is nested too deeply to compare');
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : { float: String(value) };
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return Array.from(value, (item) => plain(item, depth + 1));
  if (typeof value === 'object') {
    const kind = Object.getPrototypeOf(value);
    if (kind !== null && kind !== Object.prototype) throw new TypeError(`a ${nameOf(value)} is not plain data`);
    const fields = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(fields.map(([key, item]) => [key, plain(item, depth + 1)]));
  }
  throw new TypeError(`a ${typeof value} is not plain data`);
}

// What a module only exports (`export const` in TypeScript) can be named in a step as well.
function exposeExports() {
  const { exports } = globalThis.module;
  for (const name of Object.keys(Object(exports))) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { get: () => exports[name], configurable: true });
  }
}

async function main() {
  globalThis.require = require;
  globalThis.module = { exports: {} };
  globalThis.exports = globalThis.module.exports;
  globalThis.__filename = job.path;
  globalThis.__dirname = '.';
  const run = (code, name) => vm.runInThisContext(code, { filename: name });
  try {
    run(job.source, job.path);
    exposeExports();
  } catch (error) {
    report({ failed_to_load: nameOf(error), message: messageOf(error) });
    return;
  }
  report({ loaded: true });
  for (const [number, step] of job.steps.entries()) {
    try {
      if ('run' in step) run(step.run, 'setup');
      else report({ step: number, value: plain(await run(`(${step.plain.trim()}\n)`, 'call')) });
    } catch (error) {
      report({ step: number, raised: nameOf(error), message: messageOf(error) });
    }
  }
}

process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});
main().finally(() => exit(0));
