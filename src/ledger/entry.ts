/**
 * What the ledger has of one request, of its last build that went well. Two sealed files: `graph`, which holds until a
 * build file changes, and `found`, which every build writes anew.
 */
import { join } from 'node:path';
import { Lines } from '../../cache/lines.ts';
import { stampsAt, type Stamps } from '../../cache/stamps.ts';
import type { Node } from '../../cache/tree.ts';
import type { Settled } from '../execute/progress.ts';
import { formatDigest, parseDigest } from '../model/digest.ts';
import type { Label } from '../model/label.ts';
import { isBecause, type Because } from './because.ts';
import type { Ground } from './ground.ts';
import { readKept, writeKept } from './kept-file.ts';
import type { Looked, Reading } from './readings.ts';
import type { EncodedArtifact, Words } from './words.ts';

export interface Entry {
  /** Names the graph: what else is here refers to it. */
  readonly id: string;
  readonly root: string;
  /** The values of parameters, as text. */
  readonly settings: Readonly<Record<string, string>>;
  /** With the places of all actions below. */
  readonly targets: readonly (readonly [label: Label, artifact: EncodedArtifact, actions: readonly number[]])[];
  /** What gates them. */
  readonly gates: readonly (readonly [label: Label, artifact: EncodedArtifact])[];
  readonly ground: Ground;
  /** The words of each action. */
  readonly words: Words;
  /** What single actions read, with the places of these. */
  readonly readings: readonly (readonly [Reading, readers: readonly number[]])[];
  /** For each reading, what was seen of it. */
  readonly looked: readonly Looked[];
  /** For each action: its key, a tab, and its outputs. */
  readonly results: Iterable<string> & Pick<Lines, 'at'>;
}

/** The entry of a name in a folder; undefined where there is none, or why its files cannot be used. */
export function readEntry(folder: string, name: string): Entry | Because | undefined {
  const graph = read(pathOf(folder, name, 'graph'));
  const found = read(pathOf(folder, name, 'found'));
  if (isBecause(graph)) return graph;
  if (isBecause(found)) return found;
  if (!graph && !found) return undefined;
  if (!graph || !found) return { because: `one of the two files of ${join(folder, name)} is gone` };
  const { lines } = graph;
  const [top, { id, paths, stamps }] = [graph.top as GraphTop, found.top as FoundTop];
  if (top.id !== id) return { because: `the two files of ${join(folder, name)} do not belong together` };
  const count = lines.length / 2;
  return {
    ...top,
    ground: { ...top.ground, stamps: numbersOf(top.ground.stamps) },
    words: { names: lines.slice(0, count), bodies: lines.slice(count, 2 * count) },
    looked: lookedOf(paths, numbersOf(stamps)),
    results: found.lines,
  };
}

/** Writes an entry down; without its graph, where that is there already. */
export function writeEntry(folder: string, name: string, entry: Entry, isNewGraph: boolean): void {
  const { id, words, looked, results, ...graph } = entry;
  if (isNewGraph) {
    const ground = { ...graph.ground, stamps: textOf(graph.ground.stamps) };
    write(pathOf(folder, name, 'graph'), [...words.names, ...words.bodies], { id, ...graph, ground });
  }
  const paths = looked.map((one) => one.paths);
  write(pathOf(folder, name, 'found'), results, { id, paths, stamps: textOf(joined(looked)) });
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

/** Stamps are kept as text. */
type GraphTop = Pick<Entry, 'id' | 'root' | 'settings' | 'targets' | 'gates' | 'readings'> & {
  readonly ground: Omit<Ground, 'stamps'> & { readonly stamps: string };
};

interface FoundTop {
  readonly id: string;
  /** Of each reading. */
  readonly paths: readonly (readonly string[])[];
  /** Of all these paths. */
  readonly stamps: string;
}

function pathOf(folder: string, name: string, part: 'graph' | 'found'): string {
  return join(folder, `${name}.${part}`);
}

/** No line has a line break in it: they are JSON. The last one holds all that is not by action. */
function write(path: string, lines: Iterable<string>, top: GraphTop | FoundTop): void {
  writeKept(path, [...lines, JSON.stringify(top)].join('\n'));
}

function read(path: string): { readonly lines: Lines; readonly top: unknown } | Because | undefined {
  const content = readKept(path);
  if (!content || isBecause(content)) return content;
  const lines = new Lines(content);
  const count = lines.length - 1;
  return { lines: lines.slice(0, count), top: JSON.parse(lines.at(count)!) };
}

function lookedOf(paths: FoundTop['paths'], stamps: Stamps): Looked[] {
  let first = 0;
  return paths.map((of) => {
    const looked = { paths: of, stamps: stampsAt(stamps, first, of.length) };
    first += of.length;
    return looked;
  });
}

function joined(looked: readonly Looked[]): Stamps {
  const all = new Float64Array(looked.reduce((sum, { stamps }) => sum + stamps.length, 0));
  let at = 0;
  for (const { stamps } of looked) {
    all.set(stamps, at);
    at += stamps.length;
  }
  return all;
}

function textOf({ buffer, byteOffset, byteLength }: Stamps): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function numbersOf(text: string): Stamps {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(new Uint8Array(bytes).buffer);
}
