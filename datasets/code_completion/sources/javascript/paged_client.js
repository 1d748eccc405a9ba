'use strict';

/** A request that was not answered with success. */
class RequestError extends Error {
  constructor(method, path, status, details = '') {
    super(`${method} ${path}: ${status}${details && ` (${details})`}`);
    this.status = status;
  }
}

/** A path with a query; lists become several parameters, undefined ones are left out. */
function buildPath(path, query = {}) {
  const parameters = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const key = encodeURIComponent(name);
    if (!Array.isArray(value)) return [`${key}=${encodeURIComponent(value)}`];
    return value.map((item) => `${key}[]=${encodeURIComponent(item)}`);
  });
  return parameters.length > 0 ? `${path}?${parameters.join('&')}` : path;
}

/** The address of a relation in a Link header, such as "next", or null. */
function linkTo(header, relation) {
  for (const part of (header ?? '').split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>\s*;(.*)$/.exec(part);
    if (match && new RegExp(`(?:^|;)\\s*rel="?${relation}"?\\s*(?:;|$)`).test(match[2])) {
      return match[1];
    }
  }
  return null;
}

/** The message in the body of an error, whatever form it has. */
function errorDetails(body) {
  const { message, error } = body ?? {};
  const details = message ?? error ?? '';
  if (typeof details !== 'object') return String(details);
  const texts = Object.entries(details).map(([field, problems]) => `${field} ${problems}`);
  return texts.join('; ');
}

/**
 * A client for a JSON API over a transport: an asynchronous function that takes
 * { method, path, headers, body } and gives { status, headers, body }, with bodies as text.
 */
class PagedClient {
  #transport;
  #cache = new Map();

  constructor(transport, { token, base = '/api/v4', pageSize = 20 } = {}) {
    this.#transport = transport;
    this.token = token;
    this.base = base;
    this.pageSize = pageSize;
  }

  /** Sends a request; the answer has its body parsed, null if it is empty. */
  async send(method, path, data, extra = {}) {
    const headers = { accept: 'application/json', ...extra };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (data !== undefined) headers['content-type'] = 'application/json';
    const body = data === undefined ? undefined : JSON.stringify(data);
    const answer = await this.#transport({ method, path, headers, body });
    const parsed = answer.body ? JSON.parse(answer.body) : null;
    if (answer.status >= 400) {
      throw new RequestError(method, path, answer.status, errorDetails(parsed));
    }
    return { ...answer, body: parsed };
  }

  /** Gets a resource; if the server says that it has not changed, the copy in the cache is used. */
  async get(path, query) {
    const full = this.base + buildPath(path, query);
    const cached = this.#cache.get(full);
    const condition = cached ? { 'if-none-match': cached.etag } : {};
    const answer = await this.send('GET', full, undefined, condition);
    if (answer.status === 304) return cached.body;
    const { etag } = answer.headers;
    if (etag) this.#cache.set(full, { etag, body: answer.body });
    return answer.body;
  }

  /** Gets a resource, or the fallback if it does not exist. */
  async find(path, fallback = null) {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof RequestError && error.status === 404) return fallback;
      throw error;
    }
  }

  async create(path, data) {
    const { body } = await this.send('POST', this.base + path, data);
    return body;
  }

  async remove(path) {
    await this.send('DELETE', this.base + path);
  }

  /** All items of a list, page after page; a page is only fetched when it is needed. */
  async *list(path, query = {}) {
    let next = this.base + buildPath(path, { ...query, per_page: this.pageSize });
    while (next) {
      const { body, headers } = await this.send('GET', next);
      yield* body;
      next = linkTo(headers.link, 'next');
    }
  }

  /** The first items of a list that fit, at most `limit` of them. */
  async first(path, limit, fits = () => true) {
    const found = [];
    for await (const item of this.list(path)) {
      if (fits(item)) found.push(item);
      if (found.length === limit) break;
    }
    return found;
  }

  /** Gets several resources at once, in groups of at most `width` requests; keeps their order. */
  async getAll(paths, width = 5) {
    const results = [];
    for (let start = 0; start < paths.length; start += width) {
      const group = paths.slice(start, start + width);
      results.push(...(await Promise.all(group.map((path) => this.get(path)))));
    }
    return results;
  }
}

module.exports = { PagedClient, RequestError, buildPath, linkTo };
