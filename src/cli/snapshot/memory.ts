/**
 * What is kept of the last build of a request that went well, for the next one: the graph of its actions, what each
 * gave, and what all of it rested on. Two sealed files: `plan`, which holds until a build file changes, and `state`,
 * which every build writes anew. Of a family, `last` names the last request, `first` the step that its builds begin with.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { Lines } from '../../../cache/lines.ts';
import { readSealed, sealed } from '../../../cache/sealed.ts';
import type { Stamps } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import type { EncodedArtifact, GraphLines } from '../../analysis/remembered.ts';
import type { Settled } from '../../execute/progress.ts';
import type { FirstStep } from '../../execute/starts.ts';
import { formatDigest, parseDigest } from '../../model/digest.ts';
import type { Label } from '../../model/label.ts';
import type { Looked, Reading } from './reading.ts';

/** With the version of the format. */
const FOLDER = 'graphs.v2';

/** What does not change until the engine, a build file or the project's settings do. */
export interface Plan {
  readonly root: string;
  /** The values of parameters, as text. */
  readonly settings: Readonly<Record<string, string>>;
  /** With all that gates them, behind those that were asked for. */
  readonly targets: readonly (readonly [label: Label, artifact: EncodedArtifact])[];
  /** How many targets were asked for. */
  readonly asked: number;
  /** What is read, and by which actions. */
  readonly readings: readonly (readonly [Reading, readers: readonly number[]])[];
  readonly seen: readonly string[];
  readonly present: readonly string[];
  /** Of what was seen. */
  readonly stamps: Stamps;
  readonly actions: GraphLines & { readonly names: Iterable<string>; readonly bodies: Iterable<string> };
}

/** What the last build found and made. */
export interface State {
  /** For each reading. */
  readonly paths: readonly (readonly string[])[];
  /** Of all these paths. */
  readonly stamps: Stamps;
  /** For each action: its key, a tab, and its outputs. */
  readonly results: Iterable<string> & Pick<Lines, 'at'>;
}

export interface Kept {
  readonly plan: Plan;
  /** Names the plan. */
  readonly id: string;
  readonly state: State;
}

export function recallBuild(store: Store, name: string): Kept | undefined {
  const state = read<State>(pathOf(store, name, 'state'));
  const plan = read<Plan>(pathOf(store, name, 'plan'));
  if (!state || !plan || state.top.id !== plan.top.id) return undefined;
  const { lines, top } = plan;
  const count = lines.length / 2;
  return {
    id: top.id,
    plan: {
      ...top,
      stamps: numbersOf(top.stamps),
      actions: { names: lines.slice(0, count), bodies: lines.slice(count, 2 * count) },
    },
    state: { ...state.top, stamps: numbersOf(state.top.stamps), results: state.lines },
  };
}

/** Keeps a plan, and gives the name that its states refer to it by. */
export function keepPlan(store: Store, name: string, { actions: { names, bodies }, ...plan }: Plan): string {
  const id = crypto.randomUUID();
  write(pathOf(store, name, 'plan'), [...names, ...bodies], { id, ...plan, stamps: textOf(plan.stamps) });
  return id;
}

export function keepState(store: Store, name: string, id: string, { results, ...state }: State): void {
  write(pathOf(store, name, 'state'), results, { id, ...state, stamps: textOf(state.stamps) });
}

/** Notes the last request of a family, whose builds may take over from each other. */
export function keepLast(store: Store, family: string, name: string): void {
  writeAtomically(pathOf(store, family, 'last'), sealed(Buffer.from(name)), false);
}

/** The name of the last request of a family. */
export function recallLast(store: Store, family: string): string | undefined {
  return readSealed(pathOf(store, family, 'last'))?.toString();
}

/** Notes the step that builds of a family begin with; undefined where they begin with none that has a head start. */
export function keepFirst(store: Store, family: string, first: FirstStep | undefined): void {
  const path = pathOf(store, family, 'first');
  if (!first) return rmSync(path, { force: true });
  const text = JSON.stringify({ ...first, inputs: [...first.inputs] });
  writeAtomically(path, sealed(Buffer.from(text)), false);
}

/** The step that the last build of a family began with. */
export function recallFirst(store: Store, family: string): FirstStep | undefined {
  const content = readSealed(pathOf(store, family, 'first'));
  if (!content) return undefined;
  const { inputs, ...first } = JSON.parse(content.toString()) as FirstStep & { inputs: Iterable<[string, Node]> };
  return { ...first, inputs: new Map(inputs) };
}

/** The result of an action as a line. */
export function resultLine({ key, outputs }: Settled): string {
  return `${formatDigest(key)}\t${JSON.stringify([...outputs])}`;
}

/** Reads what `resultLine` wrote; the outputs when they are asked for. */
export function settledOf(line: string): Settled {
  const tab = line.indexOf('\t');
  return {
    key: parseDigest(line.slice(0, tab)),
    get outputs() {
      return new Map(JSON.parse(line.slice(tab + 1)) as [string, Node][]);
    },
  };
}

export function stateOf(looked: readonly Looked[], results: readonly string[]): State {
  const length = looked.reduce((sum, { stamps }) => sum + stamps.length, 0);
  const all = new Float64Array(length);
  let at = 0;
  for (const { stamps } of looked) {
    all.set(stamps, at);
    at += stamps.length;
  }
  return { paths: looked.map(({ paths }) => paths), stamps: all, results };
}

type Top<T> = Omit<T, 'stamps' | 'actions' | 'results'> & { readonly id: string; readonly stamps: string };

function pathOf({ root }: Store, name: string, part: 'plan' | 'state' | 'last' | 'first'): string {
  return join(root, FOLDER, `${name}.${part}`);
}

/** No line has a line break in it: they are JSON. The last one holds all that is not by action. */
function write<T>(path: string, lines: Iterable<string>, top: Top<T>): void {
  const text = [...lines, JSON.stringify(top)].join('\n');
  writeAtomically(path, sealed(Buffer.from(text)), false);
}

function read<T>(path: string): { readonly lines: Lines; readonly top: Top<T> } | undefined {
  const content = readSealed(path);
  if (!content) return undefined;
  const lines = new Lines(content);
  const count = lines.length - 1;
  return { lines: lines.slice(0, count), top: JSON.parse(lines.at(count)!) as Top<T> };
}

function textOf({ buffer, byteOffset, byteLength }: Stamps): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function numbersOf(text: string): Stamps {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(new Uint8Array(bytes).buffer);
}
