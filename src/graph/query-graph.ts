/** The graph that queries are asked of: targets, parameters, and source files, each by its name. */
import { relative } from 'node:path';
import { sourceFileRule, sourceFolderRule, type SourceAttributes } from '../model/builtin.ts';
import type { Location } from '../model/diagnostic.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import type { Edges } from './edges.ts';
import type { Names } from './target-graph.ts';
import { testsOf } from './tests.ts';

export interface QueryNode {
  /** A label, `param:<name>`, or the path of a source relative to the workspace. */
  readonly name: string;
  /** The rule, `parameter`, or `source`. */
  readonly rule: string;
  /** Of the artifact; of a parameter its format. */
  readonly kind: string;
  readonly location: Location | undefined;
  /** Values as text, by path. */
  readonly attributes: readonly (readonly [path: string, text: string])[];
  /** Targets that check it; it is one of them where it is a test. */
  readonly tests: readonly string[];
}

export interface QueryGraph {
  readonly nodes: ReadonlyMap<string, QueryNode>;
  readonly edges: Edges;
}

/** Builds the graph of everything that was loaded. Targets without a name count as part of those that use them. */
export function queryGraph(names: Names, root: string): QueryGraph {
  const builder = new Builder(names, root);
  for (const [label, target] of names.targets) builder.target(label, target);
  for (const [name, parameter] of names.parameters) builder.parameter(name, parameter);
  return builder;
}

class Builder implements QueryGraph {
  readonly nodes = new Map<string, QueryNode>();
  readonly edges = new Map<string, Set<string>>();
  readonly #names: Names;
  readonly #root: string;
  readonly #parameterNames: ReadonlyMap<unknown, string>;

  constructor(names: Names, root: string) {
    this.#names = names;
    this.#root = root;
    this.#parameterNames = new Map(
      [...names.parameters].map(([name, one]) => [one.type === 'target' ? one.parameter : one, name]),
    );
  }

  target(name: string, target: Target): void {
    const attributes: [string, string][] = [];
    const { rule, kind, location } = target;
    const tests = testsOf(target).flatMap((one) => this.#names.labels.get(one) ?? []);
    this.nodes.set(name, { name, rule: rule.name, kind: kind.name, location, attributes, tests });
    this.edges.set(name, new Set());
    if ('parameter' in target) this.#refer(name, '', (target as FileParameter).parameter, attributes);
    else if (isSource(target)) this.#source(name, target);
    else this.#refer(name, '', target.attributes, attributes);
  }

  parameter(name: string, declared: Parameter | FileParameter): void {
    const { format, location } = declared.type === 'target' ? declared.parameter : declared;
    const node = `param:${name}`;
    this.nodes.set(node, { name: node, rule: 'parameter', kind: format, location, attributes: [], tests: [] });
    const value = declared.type === 'target' ? declared.parameter.default : declared.default;
    this.edges.set(node, new Set());
    this.#refer(node, '', value, []);
  }

  /** Notes what a value refers to as edges of `user`, and its plain values as attributes. */
  #refer(user: string, path: string, value: unknown, attributes: [string, string][]): void {
    if (value === undefined || value === null || typeof value === 'function') return;
    const parameter = this.#parameterNames.get(value);
    if (parameter !== undefined) return this.#edge(user, path, `param:${parameter}`, attributes);
    if (typeof value !== 'object') {
      attributes.push([path, typeof value === 'string' ? value : JSON.stringify(value)]);
      return;
    }
    if ((value as Target).type === 'target') return this.#referToTarget(user, path, value as Target, attributes);
    if (path !== '' && Object.keys(value).length === 0) attributes.push([path, JSON.stringify(value)]);
    if (Array.isArray(value))
      for (const [index, item] of value.entries()) this.#refer(user, `${path}[${index}]`, item, attributes);
    else if (Object.getPrototypeOf(value) === Object.prototype)
      for (const [key, item] of Object.entries(value))
        this.#refer(user, path === '' ? key : `${path}.${key}`, item, attributes);
  }

  #referToTarget(user: string, path: string, target: Target, attributes: [string, string][]): void {
    const label = this.#names.labels.get(target);
    if (label !== undefined) this.#edge(user, path, label, attributes);
    else if ('parameter' in target) this.#refer(user, path, (target as FileParameter).parameter, attributes);
    else if (isSource(target)) attributes.push([path, this.#source(user, target)]);
    else this.#refer(user, path, target.attributes, attributes);
  }

  #edge(user: string, path: string, to: string, attributes: [string, string][]): void {
    attributes.push([path, to]);
    this.edges.get(user)!.add(to);
  }

  #source(user: string, target: Target): string {
    const { path } = target.attributes as unknown as SourceAttributes;
    const below = relative(this.#root, path);
    const name = below.startsWith('..') ? path : below;
    this.nodes.set(name, {
      name,
      rule: 'source',
      kind: target.kind.name,
      location: { file: path, line: 1, column: 1 },
      attributes: [],
      tests: [],
    });
    if (!this.edges.has(name)) this.edges.set(name, new Set());
    this.edges.get(user)!.add(name);
    return name;
  }
}

function isSource({ rule }: Target): boolean {
  return rule === sourceFileRule || rule === sourceFolderRule;
}
