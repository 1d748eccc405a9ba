'use strict';

const NAME = /^[a-z_][a-z0-9_]*$/;

/** A label's value as it is written between double quotes. */
function escapeValue(value) {
  return String(value).replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
}

/** Labels in the text format, such as {method="GET",status="200"}; '' without labels. */
function formatLabels(labels) {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return parts.length > 0 ? `{${parts.join(',')}}` : '';
}

/** What all kinds of metrics have in common: one series for each combination of labels. */
class Metric {
  #series = new Map();

  constructor(name, help, labelNames = []) {
    for (const each of [name, ...labelNames]) {
      if (!NAME.test(each)) throw new TypeError(`not a name: ${each}`);
    }
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
  }

  /** The series for labels, which have to be exactly those of the metric; new ones are created. */
  series(labels) {
    const given = Object.keys(labels);
    if (given.length !== this.labelNames.length || !this.labelNames.every((n) => n in labels)) {
      throw new TypeError(
        `${this.name} needs the labels ${this.labelNames.join(', ') || '(none)'}`,
      );
    }
    const ordered = Object.fromEntries(this.labelNames.map((name) => [name, labels[name]]));
    const key = JSON.stringify(Object.values(ordered).map(String));
    if (!this.#series.has(key)) this.#series.set(key, { labels: ordered, ...this.initial() });
    return this.#series.get(key);
  }

  /** The metric in the text format, with its series in the order in which they were created. */
  render() {
    const lines = [...this.#series.values()].flatMap((series) => this.lines(series));
    return [`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} ${this.type}`, ...lines];
  }
}

/** A number that only goes up. */
class Counter extends Metric {
  type = 'counter';

  initial() {
    return { value: 0 };
  }

  increment(labels = {}, by = 1) {
    if (!(by >= 0)) throw new RangeError('a counter cannot go down');
    this.series(labels).value += by;
  }

  lines({ labels, value }) {
    return [`${this.name}${formatLabels(labels)} ${value}`];
  }
}

/** A number that can be set to anything. */
class Gauge extends Metric {
  type = 'gauge';

  initial() {
    return { value: 0 };
  }

  set(value, labels = {}) {
    this.series(labels).value = value;
  }

  add(amount, labels = {}) {
    this.series(labels).value += amount;
  }

  /** Counts how many calls of an asynchronous function are running. */
  async track(action, labels = {}) {
    this.add(1, labels);
    try {
      return await action();
    } finally {
      this.add(-1, labels);
    }
  }

  lines({ labels, value }) {
    return [`${this.name}${formatLabels(labels)} ${value}`];
  }
}

/** Counts values by size, in buckets that have an upper limit each. */
class Histogram extends Metric {
  type = 'histogram';

  constructor(name, help, limits, labelNames = []) {
    super(name, help, labelNames);
    this.limits = [...limits].sort((a, b) => a - b);
  }

  initial() {
    return { counts: this.limits.map(() => 0), count: 0, sum: 0 };
  }

  observe(value, labels = {}) {
    const series = this.series(labels);
    series.count += 1;
    series.sum += value;
    const bucket = this.limits.findIndex((limit) => value <= limit);
    if (bucket >= 0) series.counts[bucket] += 1;
  }

  /** About the value below which a share of the values is, by its bucket; null without values. */
  quantile(share, labels = {}) {
    const { counts, count } = this.series(labels);
    if (count === 0) return null;
    const wanted = share * count;
    let below = 0;
    for (const [index, inBucket] of counts.entries()) {
      if (inBucket > 0 && below + inBucket >= wanted) {
        const lower = this.limits[index - 1] ?? 0;
        return lower + ((wanted - below) / inBucket) * (this.limits[index] - lower);
      }
      below += inBucket;
    }
    return this.limits.at(-1);
  }

  lines({ labels, counts, count, sum }) {
    let total = 0;
    const buckets = counts.map((inBucket, index) => {
      total += inBucket;
      const le = this.limits[index];
      return `${this.name}_bucket${formatLabels({ ...labels, le })} ${total}`;
    });
    const suffix = formatLabels(labels);
    return [
      ...buckets,
      `${this.name}_bucket${formatLabels({ ...labels, le: '+Inf' })} ${count}`,
      `${this.name}_sum${suffix} ${sum}`,
      `${this.name}_count${suffix} ${count}`,
    ];
  }
}

/** All metrics of a program. */
class Registry {
  #metrics = new Map();

  register(metric) {
    if (this.#metrics.has(metric.name)) throw new Error(`${metric.name} exists already`);
    this.#metrics.set(metric.name, metric);
    return metric;
  }

  /** The answer to a request for the metrics, sorted by name. */
  render() {
    const names = [...this.#metrics.keys()].sort();
    return names.flatMap((name) => [...this.#metrics.get(name).render(), '']).join('\n');
  }
}

module.exports = { Counter, Gauge, Histogram, Registry };
