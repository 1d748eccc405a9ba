'use strict';

/** Nodes that depend on each other in a circle. */
class CycleError extends Error {
  constructor(cycle) {
    super(`circular dependency: ${cycle.join(' -> ')}`);
    this.cycle = cycle;
  }
}

/** A directed graph of names, such as packages or tasks, and what each of them depends on. */
class DependencyGraph {
  #dependencies = new Map();

  /** A graph of an object that maps each name to the names it depends on. */
  static from(object) {
    const graph = new DependencyGraph();
    for (const [name, dependencies] of Object.entries(object)) graph.add(name, ...dependencies);
    return graph;
  }

  /** Adds a node and its dependencies; all of them become nodes of the graph. */
  add(name, ...dependencies) {
    for (const each of [name, ...dependencies]) {
      if (!this.#dependencies.has(each)) this.#dependencies.set(each, new Set());
    }
    for (const dependency of dependencies) this.#dependencies.get(name).add(dependency);
    return this;
  }

  /** Removes a node, also from the dependencies of the others; false if there is no such node. */
  remove(name) {
    for (const dependencies of this.#dependencies.values()) dependencies.delete(name);
    return this.#dependencies.delete(name);
  }

  get size() {
    return this.#dependencies.size;
  }

  has(name) {
    return this.#dependencies.has(name);
  }

  /** What a node depends on, directly or not, without the node itself; sorted. */
  dependenciesOf(name) {
    return this.#reach(name, (each) => this.#direct(each));
  }

  /** The nodes that depend on a node, directly or not; sorted. */
  dependentsOf(name) {
    this.#direct(name);
    return this.#reach(name, (each) =>
      [...this.#dependencies].filter(([, set]) => set.has(each)).map(([dependent]) => dependent),
    );
  }

  /** All nodes, each one after what it depends on; otherwise in the order of being added. */
  order() {
    const done = new Set();
    const path = [];
    const visit = (name) => {
      if (done.has(name)) return;
      if (path.includes(name)) throw new CycleError([...path.slice(path.indexOf(name)), name]);
      path.push(name);
      for (const dependency of this.#direct(name)) visit(dependency);
      path.pop();
      done.add(name);
    };
    for (const name of this.#dependencies.keys()) visit(name);
    return [...done];
  }

  /** Groups of nodes that can be dealt with side by side, one group after the other. */
  layers() {
    const depths = new Map();
    for (const name of this.order()) {
      const depth = Math.max(0, ...[...this.#direct(name)].map((each) => depths.get(each) + 1));
      depths.set(name, depth);
    }
    const layers = [];
    for (const [name, depth] of depths) {
      layers[depth] ??= [];
      layers[depth].push(name);
    }
    return layers.map((layer) => layer.sort());
  }

  /** What has to be done again after some nodes have changed, in a possible order. */
  affectedBy(changed) {
    const affected = new Set(changed.flatMap((name) => [name, ...this.dependentsOf(name)]));
    return this.order().filter((name) => affected.has(name));
  }

  /** A shortest way from a node to one of its dependencies, or null if it is none. */
  why(from, to) {
    const paths = [[from]];
    const seen = new Set([from]);
    for (const path of paths) {
      if (path.at(-1) === to) return path;
      for (const next of this.#direct(path.at(-1))) {
        if (seen.has(next)) continue;
        seen.add(next);
        paths.push([...path, next]);
      }
    }
    return null;
  }

  /** Text for Graphviz, with nodes and edges in the order of being added. */
  toDot() {
    const lines = [...this.#dependencies].flatMap(([name, dependencies]) => [
      `  "${name}";`,
      ...[...dependencies].map((dependency) => `  "${name}" -> "${dependency}";`),
    ]);
    return ['digraph {', ...lines, '}'].join('\n');
  }

  #direct(name) {
    const dependencies = this.#dependencies.get(name);
    if (!dependencies) throw new RangeError(`unknown: ${name}`);
    return dependencies;
  }

  #reach(start, neighbours) {
    const reached = new Set();
    const waiting = [start];
    while (waiting.length > 0) {
      for (const next of neighbours(waiting.pop())) {
        if (reached.has(next)) continue;
        reached.add(next);
        waiting.push(next);
      }
    }
    reached.delete(start);
    return [...reached].sort();
  }
}

module.exports = { DependencyGraph, CycleError };
