/** Made-up graphs and entries, in temporary folders, for the tests beside this. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stampsOf } from '../../cache/stamps.ts';
import { actionGraph } from '../analysis/action-graph.ts';
import { ArtifactReference, type ActionNode } from '../analysis/action.ts';
import { digest } from '../model/digest.ts';
import { File } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import { resultLine, type Entry } from './entry.ts';
import type { Request } from './request.ts';
import { GraphWords } from './words.ts';

/** A folder without a link on the way, that goes with its user. */
export class Folder implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-ledger-')));

  /** Writes a file; gives its path. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Waits until a look at this time is later than all changes by more than a step of the clock. */
  async age(): Promise<void> {
    await pause(120);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Gives a file other times, as a new content would. */
export function touch(path: string): void {
  utimesSync(path, 1, 1);
}

/** An action that reads what others make. */
export function action(name: string, reads: readonly ActionNode[] = [], text = name): ActionNode {
  return {
    ...{ label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0, toolchains: [], needs: {} },
    call: { rule: 'make', attributes: [], sources: [], lists: [] },
    work: { type: 'write', content: text },
    inputs: new Map(reads.map((one, index) => [`${index}`, outputOf(one)])),
    outputs: { out: { name: 'out.txt', kind: File } },
    timeoutMs: 1000,
    reproducible: true,
  };
}

export function outputOf(of: ActionNode): ArtifactReference {
  return new ArtifactReference(File, { type: 'action', action: of, output: 'out' });
}

export function sourceOf(path: string): ArtifactReference {
  return new ArtifactReference(File, { type: 'source', path, written: path });
}

export function settled(number: number) {
  const file = { type: 'file', digest: digest(String(number % 10).repeat(64), number), executable: false } as const;
  return { key: digest('a'.repeat(64), number), outputs: new Map([['out', file]]) };
}

/** The entry of a graph; `reads`: files by the places of the actions that read them. */
export function entryOf(
  actions: readonly ActionNode[],
  reads: readonly (readonly [path: string, readers: readonly number[]])[] = [],
  seen: readonly string[] = [],
): Entry {
  const graph = actionGraph(actions.map(outputOf));
  const words = new GraphWords(graph);
  return {
    ...{ id: crypto.randomUUID(), root: '/project', settings: { mac: 'x' }, words, gates: [] },
    targets: [['//all' as Label, words.artifact(outputOf(actions.at(-1)!)), [...graph.actions.keys()]]],
    ground: { seen, stamps: stampsOf(seen), present: [] },
    readings: reads.map(([path, readers]) => [{ type: 'source', path }, readers]),
    looked: reads.map(([path]) => ({ paths: [path], stamps: stampsOf([path]) })),
    results: graph.actions.map((_, place) => resultLine(settled(place))),
  };
}

export const REQUEST: Request = {
  ...{ folder: '/project', workspace: undefined, operands: ['//all'], settings: [] },
  ...{ skipValidations: false, unsandboxed: false, remoteCache: [], nodeOptions: undefined },
};
