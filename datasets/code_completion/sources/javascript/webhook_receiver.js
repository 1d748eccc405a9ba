'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');

const MAX_AGE_SECONDS = 300;

/** An error that the sender of a webhook is told about, with a status of HTTP. */
class WebhookError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The signature of a body at a time, as it stands in the header of a request. */
function sign(secret, timestamp, body) {
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `t=${timestamp},v1=${digest}`;
}

/** Splits a header such as "t=1700000000,v1=ab12" into its parts. */
function parseSignature(header) {
  const match = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header ?? '');
  if (!match) throw new WebhookError(401, 'no valid signature header');
  return { timestamp: Number(match[1]), digest: match[2] };
}

/** Compares two texts of the same length in constant time. */
function equals(a, b) {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/**
 * Receives webhooks: checks where they come from, and gives each event to the handlers that
 * were registered for its kind. A delivery that was handled already is not handled again.
 */
class WebhookReceiver {
  #handlers = new Map();
  #delivered = new Map();

  /** `now` returns the time in seconds; `remember` is how many deliveries are kept in mind. */
  constructor({ secrets, now, remember = 100 }) {
    this.secrets = secrets;
    this.now = now;
    this.remember = remember;
  }

  /** Registers a handler for one kind of event, or for all kinds with "*". */
  on(kind, handler) {
    if (!this.#handlers.has(kind)) this.#handlers.set(kind, []);
    this.#handlers.get(kind).push(handler);
    return this;
  }

  /** Answers a request { headers, body }, with names of headers in lower case. */
  async receive({ headers, body }) {
    try {
      this.verify(headers['x-signature'], body);
      const event = this.parse(body);
      const delivery = headers['x-delivery'];
      if (delivery !== undefined && this.#delivered.has(delivery)) {
        return { status: 200, body: { repeated: true, ...this.#delivered.get(delivery) } };
      }
      const summary = await this.dispatch(event);
      if (delivery !== undefined && summary.failed === 0) this.#keep(delivery, summary);
      return { status: summary.failed > 0 ? 500 : 200, body: summary };
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      return { status: error.status, body: { error: error.message } };
    }
  }

  /** Throws a WebhookError unless one of the secrets was used for the signature, just now. */
  verify(header, body) {
    const { timestamp, digest } = parseSignature(header);
    if (Math.abs(this.now() - timestamp) > MAX_AGE_SECONDS) {
      throw new WebhookError(401, 'the signature is too old');
    }
    const expected = this.secrets.map((secret) => sign(secret, timestamp, body));
    if (!expected.some((each) => equals(parseSignature(each).digest, digest))) {
      throw new WebhookError(401, 'the signature is wrong');
    }
  }

  /** The event in a body: an object with at least a text `kind`. */
  parse(body) {
    let event;
    try {
      event = JSON.parse(body);
    } catch {
      throw new WebhookError(400, 'the body is not JSON');
    }
    if (typeof event?.kind !== 'string') throw new WebhookError(422, 'the event has no kind');
    return event;
  }

  /** Calls the handlers one after the other; one that fails does not stop the others. */
  async dispatch(event) {
    const handlers = [
      ...(this.#handlers.get(event.kind) ?? []),
      ...(this.#handlers.get('*') ?? []),
    ];
    let failed = 0;
    for (const handler of handlers) {
      try {
        await handler(event);
      } catch {
        failed += 1;
      }
    }
    return { handled: handlers.length - failed, failed };
  }

  #keep(delivery, summary) {
    this.#delivered.set(delivery, summary);
    if (this.#delivered.size > this.remember) {
      const [oldest] = this.#delivered.keys();
      this.#delivered.delete(oldest);
    }
  }
}

module.exports = { WebhookReceiver, WebhookError, sign };
