/**
 * What finished builds leave for the next ones: for each request an entry, for each family of requests what its builds
 * begin with, and for the launcher a text. All of it spares work and nothing else: it may be deleted at any moment.
 */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { FirstStep } from '../execute/process/starts.ts';
import { isBecause, type Because } from './because.ts';
import { readEntry, writeEntry, type Entry } from './entry.ts';
import { readKept, writeKept } from './kept-file.ts';
import { familyName, requestName, type Request } from './request.ts';

/** In the store, with the version of the format. The launcher knows this name, too. */
const FOLDER = 'ledger.v1';

/** What is known of the requests that differ in the values of parameters alone. */
interface Family {
  /** The name of the last one that an entry was kept of. */
  readonly last?: string;
  /** The step that the last build began with; absent where it began with none that has a head start. */
  readonly first?: FirstStep;
  /** Why nothing was kept of the last build. */
  readonly unkept?: string;
}

export class Ledger {
  readonly store: Store;
  readonly request: Request;
  /** Of the request. */
  readonly name: string;
  readonly #folder: string;
  readonly #familyPath: string;
  #read: Entry | undefined;

  constructor(store: Store, request: Request) {
    this.store = store;
    this.request = request;
    this.name = requestName(request);
    this.#folder = join(store.root, FOLDER);
    this.#familyPath = join(this.#folder, `${familyName(request)}.family`);
  }

  /** What is known of the family: nothing where its file cannot be used, either. */
  get family(): Family {
    const family = readFamily(this.#familyPath);
    return isBecause(family) ? {} : family;
  }

  /** Why what is known of the family cannot be used. */
  get damage(): Because | undefined {
    const family = readFamily(this.#familyPath);
    return isBecause(family) ? family : undefined;
  }

  /** Changes what is known of the family. Of two builds that end at once, one may undo what the other notes: it costs time. */
  note(changes: { readonly [Name in keyof Family]?: Family[Name] | undefined }): void {
    const before = this.family;
    const text = textOf({ ...before, ...changes });
    if (text !== textOf(before)) writeKept(this.#familyPath, text);
  }

  /** The entry of a request of the family: of this one by default; undefined where there is none, or why it cannot be used. */
  entry(name = this.name): Entry | Because | undefined {
    const entry = readEntry(this.#folder, name);
    this.#read = isBecause(entry) ? undefined : entry;
    return entry;
  }

  /** Keeps what a build leaves: nothing is written again that is there. */
  keep(entry: Entry): void {
    if (entry !== this.#read) writeEntry(this.#folder, this.name, entry, entry.id !== this.#read?.id);
    this.note({ last: this.name, unkept: undefined });
    // What is in use does not age.
    const now = new Date();
    utimesSync(this.#familyPath, now, now);
  }
}

type FirstText = Omit<FirstStep, 'inputs'> & { readonly inputs: readonly (readonly [string, Node])[] };

function textOf({ first, ...family }: { readonly [Name in keyof Family]?: Family[Name] | undefined }): string {
  return JSON.stringify({ ...family, ...(first ? { first: { ...first, inputs: [...first.inputs] } } : {}) });
}

function readFamily(path: string): Family | Because {
  const content = readKept(path);
  if (!content) return {};
  if (isBecause(content)) return content;
  const { first, ...family } = JSON.parse(content.toString()) as Omit<Family, 'first'> & { first?: FirstText };
  return { ...family, ...(first ? { first: { ...first, inputs: new Map(first.inputs) } } : {}) };
}
