/**
 * Where the bytes of a cell come from: from input to input, as long as one holds the same block, or the same file. What no
 * input holds, the action has written.
 */
import { hash } from 'node:crypto';
import { relative } from 'node:path';
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
import type { ByteRange, ByteSource, FileSystem } from '../../disk/index.ts';
import { Failure } from '../../model/diagnostic.ts';
import type { Digest } from '../../model/digest.ts';
import { actionId } from '../../model/event.ts';
import type { PartOrigin } from '../../plan/parts.ts';
import type { RecordedAction } from '../../report/history/record.ts';
import { printable } from '../../report/printable.ts';
import { blobSource, diskTree } from '../../report/stored-disk.ts';
import { FilesBySize } from './files-by-size.ts';
import { Makers, type BuildActions, type Input, type Made } from './made.ts';
import type { OpenedDisks } from './opened.ts';
import type { PageStep } from './protocol.ts';

/** Longer ways are cut. */
const MOST_STEPS = 8;
/** Of larger files, only what lies in the cell is compared. */
const MOST_COMPARED = 4 * 1024 * 1024;
/** Large files of the same size in an input, each of which has to be read. */
const MOST_READ = 64;

/** Stretches of a file. */
export interface FilePart {
  readonly path: string;
  readonly content: ByteSource;
  /** Which of its bytes are asked for: those in the cell that differ. */
  readonly ranges: readonly ByteRange[];
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
  readonly #opened = new Map<string, readonly FileSystem[]>();
  readonly #files: FilesBySize;
  /** Where the blocks of the last disks are, by hash. */
  readonly #blocks = new Map<string, ReadonlyMap<string, number>>();

  /** `root`: of the workspace. */
  constructor(store: Store, root: string, made: Made, disks: OpenedDisks) {
    this.#store = store;
    this.#root = root;
    this.#made = made;
    this.#disks = disks;
    this.#files = new FilesBySize(store.trees);
  }

  /** Follows what is wanted from the action that has made it. The last action that is certain explains it. */
  follow(build: BuildActions, action: RecordedAction, wanted: Wanted): Trail {
    const makers = new Makers(this.#made, this.#store.trees, build);
    const steps: PageStep[] = [];
    let here = action;
    while (steps.length < MOST_STEPS) {
      const inputs = this.#made.inputs(here);
      if (!inputs) return ended(steps, here, `what ${actionId(here)} was made of is not known any more`);
      const unread: string[] = [];
      const found = this.#block(inputs, wanted, unread) ?? this.#file(inputs, wanted, unread);
      if (!found) return ended(steps, here, writtenBy(here, unread), placeOf(build, here));
      const { input } = found;
      const origin = originAt(input.origin, found.path);
      const place = makers.of(origin, input.node);
      const from = place === undefined ? undefined : build.action(place);
      steps.push(stepOf(`${found.text} ${this.#nameOf(input, origin)}`, place));
      if (!from || from.key === null) return { steps, action: here };
      here = from;
    }
    return ended(steps, here, 'and further back');
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
  #block(inputs: readonly Input[], { block, index }: Wanted, unread: string[]): Found | undefined {
    if (block === undefined) return undefined;
    return firstFound(inputs, unread, (input) => {
      const disk = diskTree(this.#store, input.node);
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

  #file(inputs: readonly Input[], { file }: Wanted, unread: string[]): Found | undefined {
    if (!file || file.content.size === 0) return undefined;
    return firstFound(inputs, unread, (input) => this.#inDisk(input, file) ?? this.#inTree(input, file));
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
    const disk = this.#opened.has(hash) ? undefined : this.#disks.of(node);
    const found = this.#opened.get(hash) ?? (disk ? fileSystemsOf(recentWindows(disk)) : []);
    if (this.#opened.size >= MOST_STEPS) this.#opened.clear();
    this.#opened.set(hash, found);
    return found;
  }

  #inTree(input: Input, file: FilePart): Found | undefined {
    if (diskTree(this.#store, input.node)) return undefined;
    const files = this.#files.of(input.node, file.content.size);
    for (const [path, digest] of isSmall(file) ? files : files.slice(0, MOST_READ)) {
      const same = this.#sameness(digest, file);
      if (same) return { input, path, text: path === '' ? `${same} as` : `${same} as ${path} of` };
    }
    return undefined;
  }

  /** A small file has the digest of its content. */
  #sameness(digest: Digest, file: FilePart): string | undefined {
    if (!isSmall(file)) return sameness(blobSource(this.#store, digest), file);
    return digest.hash === hashOf(file) ? SAME_FILE : undefined;
  }
}

/** Worked out once for each file that is looked for. */
const hashes = new WeakMap<FilePart, string>();
function hashOf(file: FilePart): string {
  const known = hashes.get(file) ?? hash('sha256', file.content.read(0, file.content.size), 'hex');
  hashes.set(file, known);
  return known;
}

function stepOf(text: string, place: number | undefined): PageStep {
  return { text: printable(text), ...(place === undefined ? {} : { place }) };
}

function ended(steps: readonly PageStep[], action: RecordedAction, text: string, place?: number): Trail {
  return { steps: [...steps, stepOf(text, place)], action };
}

/** What no input holds, as far as they can be read. */
function writtenBy(action: RecordedAction, unread: readonly string[]): string {
  const names = [...new Set(unread)].join(', ');
  return `written by ${actionId(action)}${names === '' ? '' : `, or from its input ${names}, which cannot be read any more`}`;
}

function placeOf(build: BuildActions, { label, mnemonic, ordinal }: RecordedAction): number | undefined {
  return build.places(label, mnemonic).find((place) => build.action(place)?.ordinal === ordinal);
}

/** Inputs that cannot be read, as those that have left the store, are passed over and noted. */
function firstFound(
  inputs: readonly Input[],
  unread: string[],
  look: (input: Input) => Found | undefined,
): Found | undefined {
  for (const input of inputs)
    try {
      const found = look(input);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unread.push(input.name);
    }
  return undefined;
}

/** Undefined where something is damaged. What has left the store may be the place that is looked for. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof Failure) || error.diagnostic.code === 'BLOB_MISSING') throw error;
    return undefined;
  }
}

const SAME_FILE = 'the same file';

function isSmall({ content }: FilePart): boolean {
  return content.size <= MOST_COMPARED;
}

/** How far two files are the same; undefined where they are not. */
function sameness(candidate: ByteSource, file: FilePart): string | undefined {
  const { content } = file;
  if (candidate.size !== content.size) return undefined;
  const ranges = isSmall(file) ? [{ offset: 0, length: content.size }] : file.ranges;
  const isSame = ({ offset, length }: ByteRange): boolean =>
    candidate.read(offset, length).equals(content.read(offset, length));
  if (ranges.length === 0 || !ranges.every(isSame)) return undefined;
  return isSmall(file) ? SAME_FILE : 'a file of the same size, with the same bytes here,';
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
  for (const [at, of] of Object.entries(origin.entries)) {
    const below = at === '' ? '' : `${at}/`;
    if (path === at || path.startsWith(below)) return originAt(of, path.slice(below.length));
  }
  return origin;
}
