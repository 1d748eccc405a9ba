export class ChannelClosedError extends Error {
  constructor() {
    super('the channel is closed');
  }
}

interface Sender<T> {
  value: T;
  sent: () => void;
}

type Receiver<T> = (result: IteratorResult<T, undefined>) => void;

/**
 * Hands values from one asynchronous task to another, in order. It holds up to `capacity` values;
 * when it is full, senders have to wait until a value is taken out.
 */
export class Channel<T> implements AsyncIterable<T> {
  private readonly buffer: T[] = [];
  private readonly senders: Sender<T>[] = [];
  private readonly receivers: Receiver<T>[] = [];
  private closed = false;

  constructor(private readonly capacity = 0) {
    if (!(capacity >= 0)) throw new RangeError('the capacity must not be negative');
  }

  /** How many values were sent and not received yet. */
  get size(): number {
    return this.buffer.length + this.senders.length;
  }

  /** Sends a value; the promise settles when it was received or has a place in the channel. */
  async send(value: T): Promise<void> {
    if (this.closed) throw new ChannelClosedError();
    const receiver = this.receivers.shift();
    if (receiver) {
      receiver({ done: false, value });
    } else if (this.buffer.length < this.capacity) {
      this.buffer.push(value);
    } else {
      await new Promise<void>((sent) => this.senders.push({ value, sent }));
    }
  }

  /** Sends a value only if that is possible without waiting; tells whether it was. */
  trySend(value: T): boolean {
    const isPossible = this.receivers.length > 0 || this.buffer.length < this.capacity;
    if (this.closed || !isPossible) return false;
    void this.send(value);
    return true;
  }

  /** The next value, or done once the channel is closed and empty. */
  receive(): Promise<IteratorResult<T, undefined>> {
    const sender = this.senders.shift();
    if (sender) {
      sender.sent();
      this.buffer.push(sender.value);
    }
    if (this.buffer.length > 0) {
      return Promise.resolve({ done: false, value: this.buffer.shift()! });
    }
    if (this.closed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.receivers.push(resolve));
  }

  /** Nothing can be sent any more; what was sent before can still be received. */
  close(): void {
    this.closed = true;
    for (const receiver of this.receivers.splice(0)) receiver({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.receive() };
  }
}

/** Starts a task that fills a channel, which is closed when the task ends. */
export function produce<T>(
  task: (send: (value: T) => Promise<void>) => Promise<void>,
  capacity = 0,
): Channel<T> {
  const channel = new Channel<T>(capacity);
  void task((value) => channel.send(value)).finally(() => channel.close());
  return channel;
}

/** All values of a channel, once it is closed; the first `limit` ones if a limit is given. */
export async function collect<T>(channel: AsyncIterable<T>, limit = Infinity): Promise<T[]> {
  const values: T[] = [];
  if (limit <= 0) return values;
  for await (const value of channel) {
    values.push(value);
    if (values.length >= limit) break;
  }
  return values;
}

/** A channel with the values of several ones, as they come; it closes after all of them. */
export function merge<T>(...channels: Channel<T>[]): Channel<T> {
  return produce(async (send) => {
    await Promise.all(
      channels.map(async (channel) => {
        for await (const value of channel) await send(value);
      }),
    );
  });
}

/** Groups the values of a channel into arrays of `size`; the last one may be smaller. */
export async function* chunks<T>(channel: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const value of channel) {
    chunk.push(value);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
