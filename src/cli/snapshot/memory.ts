/**
 * What is kept of the last build of a request that went well, for the next one: the graph of its actions, what each
 * gave, and what all of it rested on. Two sealed files: `plan`, which holds until a build file changes, and `state`,
 * which every build writes anew.
 */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { writeAtomically } from '../../../cache/files.ts';
import { readSealed, sealed } from '../../../cache/sealed.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import type { EncodedArtifact } from '../../analysis/remembered.ts';
import type { Settled } from '../../execute/build.ts';
import { formatDigest, parseDigest } from '../../model/digest.ts';
import type { Label } from '../../model/label.ts';
import type { Call } from '../command.ts';
import { ENGINE } from './gather.ts';
import type { Looked, Reading } from './reading.ts';

/** Part of a memory's name: a change here forgets all of them. */
const FORMAT = 1;
const FOLDER = 'graphs.v1';

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
  readonly absent: readonly string[];
  /** Of what was seen. */
  readonly rows: Float64Array;
  /** Of actions. */
  readonly lines: readonly string[];
}

/** What the last build found and made. */
export interface State {
  /** For each reading. */
  readonly paths: readonly (readonly string[])[];
  /** Of all these paths. */
  readonly rows: Float64Array;
  /** For each action: its key, a tab, and its outputs. */
  readonly results: readonly string[];
}

export interface Kept {
  readonly plan: Plan;
  /** Names the plan. */
  readonly id: string;
  readonly state: State;
}

/** The name of a request's memory: all that makes it another request than others. */
export function memoryName(call: Call, env: NodeJS.ProcessEnv = process.env): string {
  const flags = ['skip-validations', 'unsandboxed'].map((name) => call.flag(name));
  const request = [FORMAT, ENGINE, process.cwd(), call.text('workspace'), call.operands, call.list('set'), flags];
  return hash('sha256', JSON.stringify([...request, env['NODE_OPTIONS']]), 'hex').slice(0, 32);
}

export function recallBuild(store: Store, name: string): Kept | undefined {
  const [header, ...results] = linesOf(pathOf(store, name, 'state'));
  const [top, ...lines] = linesOf(pathOf(store, name, 'plan'));
  if (header === undefined || top === undefined) return undefined;
  const { id, ...state } = JSON.parse(header) as Written<State> & { id: string };
  const plan = JSON.parse(top) as Written<Plan> & { id: string };
  if (id !== plan.id) return undefined;
  return {
    id,
    plan: { ...plan, rows: numbersOf(plan.rows), lines },
    state: { ...state, rows: numbersOf(state.rows), results },
  };
}

/** Keeps a plan, and gives the name that its states refer to it by. */
export function keepPlan(store: Store, name: string, { lines, ...plan }: Plan): string {
  const id = crypto.randomUUID();
  write(pathOf(store, name, 'plan'), [JSON.stringify({ id, ...plan, rows: textOf(plan.rows) }), ...lines]);
  return id;
}

export function keepState(store: Store, name: string, id: string, { results, ...state }: State): void {
  write(pathOf(store, name, 'state'), [JSON.stringify({ id, ...state, rows: textOf(state.rows) }), ...results]);
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
  const length = looked.reduce((sum, { rows }) => sum + rows.length, 0);
  const all = new Float64Array(length);
  let at = 0;
  for (const { rows } of looked) {
    all.set(rows, at);
    at += rows.length;
  }
  return { paths: looked.map(({ paths }) => paths), rows: all, results };
}

type Written<T> = Omit<T, 'rows' | 'lines' | 'results'> & { readonly rows: string };

function pathOf({ root }: Store, name: string, part: 'plan' | 'state'): string {
  return join(root, FOLDER, `${name}.${part}`);
}

/** No line has a line break in it: they are JSON. */
function linesOf(path: string): string[] {
  return readSealed(path)?.toString().split('\n') ?? [];
}

function write(path: string, lines: readonly string[]): void {
  writeAtomically(path, sealed(Buffer.from(lines.join('\n'))), false);
}

function textOf({ buffer, byteOffset, byteLength }: Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function numbersOf(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(new Uint8Array(bytes).buffer);
}
