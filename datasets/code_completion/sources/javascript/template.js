'use strict';

/** A mistake in a template, with the line it is in. */
class TemplateError extends Error {
  constructor(message, line) {
    super(`${message} (line ${line})`);
    this.line = line;
  }
}

const TAG = /\{\{\s*([#^/>]?)\s*([\w.]+)((?:\s*\|\s*\w+)*)\s*\}\}/g;

const FILTERS = {
  upper: (value) => String(value).toUpperCase(),
  trim: (value) => String(value).trim(),
  json: (value) => JSON.stringify(value),
  count: (value) => value.length,
  escape: (value) =>
    String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`),
};

/** Splits a template into texts and tags, each with its line. */
function scan(source) {
  const tokens = [];
  let end = 0;
  for (const match of source.matchAll(TAG)) {
    const [whole, sign, name, filters] = match;
    const line = source.slice(0, match.index).split('\n').length;
    if (match.index > end) tokens.push({ kind: 'text', text: source.slice(end, match.index) });
    tokens.push({ kind: sign || 'value', name, filters: filters.match(/\w+/g) ?? [], line });
    end = match.index + whole.length;
  }
  if (end < source.length) tokens.push({ kind: 'text', text: source.slice(end) });
  return tokens;
}

/** Makes a tree of the tokens: sections get `nodes`, up to the tag that closes them. */
function parse(source) {
  const root = { nodes: [] };
  const open = [root];
  for (const token of scan(source)) {
    const current = open.at(-1);
    switch (token.kind) {
      case '#':
      case '^': {
        const section = { ...token, nodes: [] };
        current.nodes.push(section);
        open.push(section);
        break;
      }
      case '/':
        if (current.name !== token.name) {
          throw new TemplateError(`nothing to close with /${token.name}`, token.line);
        }
        open.pop();
        break;
      default: {
        const unknown = (token.filters ?? []).find((name) => !Object.hasOwn(FILTERS, name));
        if (unknown) throw new TemplateError(`unknown filter ${unknown}`, token.line);
        current.nodes.push(token);
      }
    }
  }
  const { name, line } = open.at(-1);
  if (open.length > 1) throw new TemplateError(`${name} is not closed`, line);
  return root.nodes;
}

/** The value of a path such as "user.name" in the innermost scope that has its first part. */
function lookUp(scopes, path) {
  if (path === '.') return scopes.at(-1);
  const [first, ...rest] = path.split('.');
  const scope = scopes.findLast((each) => Object.hasOwn(Object(each), first));
  return [first, ...rest].reduce(
    (value, key) => (Object.hasOwn(Object(value), key) ? value[key] : undefined),
    scope,
  );
}

/** Whether a section is left out: for missing, false and empty values. */
function isEmpty(value) {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === null || value === false || value === '';
}

/**
 * A template with tags for values ({{ name | filter }}), sections ({{#list}} ... {{/list}}),
 * inverted sections ({{^list}} ... {{/list}}) and other templates ({{> name}}).
 */
class Template {
  #nodes;

  /** `partials` are the other templates that it may include, by their names. */
  constructor(source, partials = {}) {
    this.#nodes = parse(source);
    this.partials = partials;
  }

  render(data) {
    return this.renderNodes(this.#nodes, [data]);
  }

  renderNodes(nodes, scopes) {
    return nodes.map((node) => this.renderNode(node, scopes)).join('');
  }

  renderNode(node, scopes) {
    switch (node.kind) {
      case 'text':
        return node.text;
      case '>':
        return this.include(node, scopes);
      case 'value': {
        const value = lookUp(scopes, node.name) ?? '';
        return String(node.filters.reduce((current, name) => FILTERS[name](current), value));
      }
      default:
        return this.renderSection(node, scopes);
    }
  }

  /** Renders a section once, once for each item of a list, or not at all. */
  renderSection({ kind, name, nodes }, scopes) {
    const value = lookUp(scopes, name);
    if (kind === '^') return isEmpty(value) ? this.renderNodes(nodes, scopes) : '';
    if (isEmpty(value)) return '';
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => this.renderNodes(nodes, [...scopes, item])).join('');
  }

  include({ name, line }, scopes) {
    if (!Object.hasOwn(this.partials, name)) throw new TemplateError(`no template ${name}`, line);
    const partial = this.partials[name];
    return partial.renderNodes(partial.#nodes, scopes);
  }
}

module.exports = { Template, TemplateError };
