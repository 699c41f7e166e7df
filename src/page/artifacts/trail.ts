/**
 * Where the bytes of a cell come from: from input to input, as long as one holds the same block, or the same file. What no
 * input holds, the action has written.
 */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import {
  blockIndex,
  blockPath,
  fileSystemSource,
  openFileSystem,
  partitionSource,
  readPartitions,
  recentWindows,
} from '../../disk/index.ts';
import type { ByteSource, FileSystem } from '../../disk/index.ts';
import { relative } from 'node:path';
import { Failure } from '../../model/diagnostic.ts';
import { actionId } from '../../model/event.ts';
import type { PartOrigin } from '../../plan/parts.ts';
import type { RecordedAction } from '../../report/history/record.ts';
import { printable } from '../../report/printable.ts';
import { blobSource, diskTree } from '../../report/stored-disk.ts';
import type { BuildActions, Input, Made } from './made.ts';
import type { OpenedDisks } from './opened.ts';
import type { PageStep } from './protocol.ts';

/** Longer ways are cut. */
const MOST_STEPS = 8;
/** Paths of an input that are looked at. */
const MOST_PATHS = 20_000;
/** Of larger files, only what lies in the cell is compared. */
const MOST_COMPARED = 4 * 1024 * 1024;

/** A stretch of a file. */
export interface FilePart {
  readonly path: string;
  readonly content: ByteSource;
  /** Which of its bytes lie in the cell. */
  readonly offset: number;
  readonly length: number;
}

/** What is looked for. */
export interface Wanted {
  /** Hash of the block that has it, where the disk has digests. */
  readonly block?: string;
  readonly index: number;
  readonly file?: FilePart;
}

export interface Trail {
  readonly steps: readonly PageStep[];
  /** The action whose key explains it. */
  readonly action: RecordedAction;
}

interface Found {
  readonly text: string;
  readonly input: Input;
  /** In the input's tree. */
  readonly path: string;
}

export class Trails {
  readonly #store: Store;
  readonly #root: string;
  readonly #made: Made;
  readonly #disks: OpenedDisks;
  readonly #files = new Map<string, readonly FileSystem[]>();
  /** Where the blocks of the last disks are, by hash. */
  readonly #blocks = new Map<string, ReadonlyMap<string, number>>();

  /** `root`: of the workspace. */
  constructor(store: Store, root: string, made: Made, disks: OpenedDisks) {
    this.#store = store;
    this.#root = root;
    this.#made = made;
    this.#disks = disks;
  }

  /** Follows what is wanted from the action that has made it. */
  follow(build: BuildActions, action: RecordedAction, wanted: Wanted): Trail {
    const steps: PageStep[] = [];
    let here = action;
    while (steps.length < MOST_STEPS) {
      const inputs = this.#made.inputs(here);
      const found = this.#block(inputs, wanted) ?? this.#file(inputs, wanted);
      if (!found) break;
      const { input } = found;
      const origin = originAt(input.origin, found.path);
      const place = this.#made.maker(build, origin, input.node);
      const from = place === undefined ? undefined : build.action(place);
      steps.push({
        text: printable(`${found.text} ${this.#nameOf(input, origin)}`),
        ...(place === undefined ? {} : { place }),
      });
      if (!from || from.key === null) return { steps, action: here };
      here = from;
    }
    const places = build.places(here.label, here.mnemonic);
    const place = places.find((one) => build.action(one)?.ordinal === here.ordinal);
    const text = printable(`written by ${actionId(here)}`);
    return { steps: [...steps, { text, ...(place === undefined ? {} : { place }) }], action: here };
  }

  #nameOf({ name }: Input, origin: PartOrigin | undefined): string {
    const input = `input ${name}`;
    switch (origin?.type) {
      case 'action':
        return `${input}, made by ${origin.label} ${origin.mnemonic}`;
      case 'source':
        return `${input}, the source ${relative(this.#root, origin.path) || '.'}`;
      case 'debian':
        return `${input}, the packages ${origin.packages.join(' ')}`;
      default:
        return input;
    }
  }

  /** A disk that is spliced in at a whole MiB has the block at another place. */
  #block(inputs: readonly Input[], { block, index }: Wanted): Found | undefined {
    if (block === undefined) return undefined;
    return firstFound(inputs, (input) => {
      const disk = diskTree(this.#store.trees, input.node);
      const at = disk && this.#blocksOf(disk).get(block);
      if (at === undefined) return undefined;
      const same = this.#store.trees.lookup(input.node, blockPath(index));
      const isThere = same?.type === 'file' && same.digest.hash === block;
      return { input, path: '', text: isThere ? 'the same MiB of' : `the same as MiB ${at} of` };
    });
  }

  #blocksOf(disk: Node & { readonly type: 'directory' }): ReadonlyMap<string, number> {
    const known = this.#blocks.get(disk.digest.hash);
    if (known) return known;
    const found = new Map<string, number>();
    for (const [path, node] of this.#store.trees.walk(disk)) {
      const index = blockIndex(path);
      if (index !== undefined && node.type === 'file' && !found.has(node.digest.hash))
        found.set(node.digest.hash, index);
    }
    if (this.#blocks.size >= MOST_STEPS) this.#blocks.clear();
    this.#blocks.set(disk.digest.hash, found);
    return found;
  }

  #file(inputs: readonly Input[], { file }: Wanted): Found | undefined {
    if (!file || file.content.size === 0) return undefined;
    return firstFound(inputs, (input) => this.#inDisk(input, file) ?? this.#inTree(input, file));
  }

  /** At the same path of a file system of the input. */
  #inDisk(input: Input, file: FilePart): Found | undefined {
    for (const fileSystem of this.#fileSystems(input.node)) {
      const same = attempt(() => sameness(fileSystem.file(file.path), file));
      if (same) return { input, path: '', text: `${same} in` };
    }
    return undefined;
  }

  /** Opened once: what is asked for of one disk is asked for of it again. */
  #fileSystems(node: Node): readonly FileSystem[] {
    if (node.type === 'symlink') return [];
    const { hash } = node.digest;
    const disk = this.#files.has(hash) ? undefined : this.#disks.of(node);
    const found = this.#files.get(hash) ?? (disk ? fileSystemsOf(recentWindows(disk)) : []);
    if (this.#files.size >= MOST_STEPS) this.#files.clear();
    this.#files.set(hash, found);
    return found;
  }

  #inTree(input: Input, file: FilePart): Found | undefined {
    if (diskTree(this.#store.trees, input.node)) return undefined;
    for (const [path, node] of this.#store.trees.walk(input.node).take(MOST_PATHS)) {
      if (node.type !== 'file' || node.digest.size !== file.content.size) continue;
      const same = sameness(blobSource(this.#store, node.digest), file);
      if (same) return { input, path, text: path === '' ? `${same} as` : `${same} as ${path} of` };
    }
    return undefined;
  }
}

/** Inputs that have left the store are passed over. */
function firstFound(inputs: readonly Input[], look: (input: Input) => Found | undefined): Found | undefined {
  for (const input of inputs) {
    const found = attempt(() => look(input));
    if (found) return found;
  }
  return undefined;
}

/** Undefined where something is damaged, or has left the store. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** How far two files are the same; undefined where they are not. */
function sameness(candidate: ByteSource, { content, offset, length }: FilePart): string | undefined {
  if (candidate.size !== content.size) return undefined;
  const isSmall = content.size <= MOST_COMPARED;
  const [from, count] = isSmall ? [0, content.size] : [offset, length];
  if (!candidate.read(from, count).equals(content.read(from, count))) return undefined;
  return isSmall ? 'the same file' : 'a file of the same size, with the same bytes here,';
}

/** Those that can be read. */
function fileSystemsOf(disk: ByteSource): FileSystem[] {
  const table = attempt(() => readPartitions(disk));
  const sources = table ? table.partitions.map((one) => () => partitionSource(disk, one)) : [() => disk];
  return sources
    .map((source) => attempt(() => openFileSystem(fileSystemSource(source()), 'it')))
    .filter((one) => one !== undefined);
}

/** What lies at a path of an input: of a composed folder, each entry has its own origin. */
function originAt(origin: PartOrigin | undefined, path: string): PartOrigin | undefined {
  if (origin?.type !== 'compose') return origin;
  for (const [at, of] of Object.entries(origin.entries))
    if (at === '' || path === at || path.startsWith(`${at}/`)) return originAt(of, path.slice(at.length + 1));
  return origin;
}
