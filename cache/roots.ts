/**
 * What garbage collection leaves alone however old it is: the last outputs of each workspace, for as long as they lie
 * in its output folder, and what the user has named with `dsmb keep`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically, writeUnlessReadOnly } from './files.ts';

/** A target as one build left it. */
export interface Root {
  readonly label: string;
  /** The folder of the workspace. */
  readonly workspace: string;
  /** `hash/size` of the output; its text for a symlink. */
  readonly output: string;
  /** The records of the store that a build with nothing to do looks at, relative to the store: `ac.v1/ab/abcd…`. */
  readonly records: readonly string[];
  /** A file that is there as long as the output is delivered. Absent for what the user keeps. */
  readonly stamp?: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** A root with the file that holds it. */
export interface StoredRoot extends Root {
  readonly file: string;
}

export class Roots {
  readonly #folder: string;

  constructor(root: string) {
    this.#folder = join(root, 'roots.v1');
  }

  /** Notes what a build has delivered, in the place of what the last one had. */
  deliver(root: Root & { readonly stamp: string }): void {
    const path = this.#path('last', root.workspace, root.label);
    const known = read(path);
    // A build with nothing to do looks at fewer records than the one that ran everything.
    if (known?.output === root.output && new Set(root.records).isSubsetOf(new Set(known.records))) return;
    // A store that cannot be written is not collected from here.
    writeUnlessReadOnly(path, JSON.stringify(root), false);
  }

  /** What the last build of a label in a workspace has delivered. */
  last(workspace: string, label: string): Root | undefined {
    return read(this.#path('last', workspace, label));
  }

  /** Keeps what the last build of a label has delivered, also when the next one delivers something else. */
  keep({ label, workspace, output, records }: Root, at: number): void {
    const kept: Root = { label, workspace, output, records, at };
    writeAtomically(this.#path('kept', workspace, label, output), JSON.stringify(kept));
  }

  /** Everything that `keep` was asked to. */
  kept(): StoredRoot[] {
    return this.#all('kept');
  }

  /** The last outputs of all workspaces, without those that are delivered no more. */
  delivered(): StoredRoot[] {
    return this.#all('last').filter(({ stamp }) => stamp !== undefined && existsSync(stamp));
  }

  /** Forgets the last outputs that are delivered no more. */
  prune(): void {
    for (const { stamp, file } of this.#all('last'))
      if (stamp === undefined || !existsSync(stamp)) rmSync(file, { force: true });
  }

  #all(kind: Kind): StoredRoot[] {
    return namesIn(join(this.#folder, kind)).flatMap((name) => {
      const file = join(this.#folder, kind, name);
      const root = read(file);
      return root ? [{ ...root, file }] : [];
    });
  }

  #path(kind: Kind, ...identity: readonly string[]): string {
    const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
    return join(this.#folder, kind, `${name}.json`);
  }
}

type Kind = 'last' | 'kept';

function read(path: string): Root | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Root;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
