/**
 * Every result that comes from elsewhere comes in here, and nothing of it is believed: directories are read from the
 * server's messages and encoded anew, links and names are looked at, and files are hashed when they are read.
 */
import type { Digest } from '../../src/model/digest.ts';
import { digestOf } from '../cas.ts';
import { escapingLink } from '../links.ts';
import { decodeForeignDirectory, decodeTree, type ResultData } from '../reapi/messages.ts';
import type { ActionResult } from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import type { Entries, Node, Trees } from '../tree.ts';
import { inlinedTrees } from './inlined-trees.ts';
import { fromWire, onWire } from './wire-digest.ts';

/** What an action is expected to give. */
export interface Expected {
  /** Relative to the input root. */
  readonly outputs: readonly { readonly path: string; readonly shape: 'file' | 'folder' }[];
  /** A link to an input in an output is replaced by the input. */
  readonly inputRoot: Node;
}

export interface Importing {
  readonly trees: Trees;
  /** Reads messages of the server, each of the size and hash of its digest. */
  readonly read: (of: readonly Digest[]) => Promise<ReadonlyMap<string, Uint8Array>>;
}

/** Why a result is none. */
export class BadResult extends Error {}

/** Directories that are read level by level, in bytes. */
const MOST_MESSAGES = 256 * 1024 * 1024;
/** A tree that takes more to look through is none that an action made. */
const MOST_NODES = 2_000_000;
/** As deep as paths can be. */
const MOST_LEVELS = 2048;
/** What Linux takes as a name, as a path, and as the target of a link, in bytes. An output lies below some folder. */
const MOST_NAME_BYTES = 255;
const MOST_PATH_BYTES = 3000;
const MOST_TARGET_BYTES = 4095;
/** Of a worker's name, in characters. */
const MOST_NAME = 200;
/** The last millisecond that a `Date` can have. */
const MOST_MS = 8.64e15;

/** The result, with its directories in the store and its files where they are. Throws `BadResult` for what is none. */
export async function importResult(from: Importing, result: ActionResult, expected: Expected): Promise<ResultData> {
  if (result.exitCode !== 0) throw new BadResult(`its action exited with ${result.exitCode}`);
  try {
    const outputs = new Map<string, Node>();
    for (const { path, shape } of expected.outputs) {
      const node = await new Output(from, expected.inputRoot, path).read(result);
      if (!node) throw new BadResult(`it lacks the output ${path}`);
      if (node.type !== (shape === 'file' ? 'file' : 'directory'))
        throw new BadResult(`its output ${path} is a ${node.type} and should be a ${shape}`);
      outputs.set(path, node);
    }
    return { outputs, ...metadataOf(result) };
  } catch (error) {
    // What is no digest, and what is no message.
    if (error instanceof TypeError || error instanceof RangeError) throw new BadResult(error.message, { cause: error });
    throw error;
  }
}

function metadataOf({ stderrDigest, executionMetadata }: ActionResult): Omit<ResultData, 'outputs'> {
  const { worker = '', executionStartTimestamp: start, executionCompletedTimestamp: end } = executionMetadata ?? {};
  const ms = (time: typeof start): number =>
    time ? Math.min(MOST_MS, Math.max(0, Number(time.seconds) * 1000 + time.nanos / 1e6)) : 0;
  return {
    log: fromWire(stderrDigest),
    startedAt: ms(start),
    durationMs: Math.max(0, ms(end) - ms(start)),
    worker: worker.slice(0, MOST_NAME),
  };
}

/** One output of a result. */
class Output {
  readonly #from: Importing;
  readonly #inputRoot: Node;
  readonly #path: string;
  /** Directories as the server encoded them, by the digest that it gave them. */
  readonly #encoded = new Map<string, Uint8Array>();
  /** What directories became: they are the same wherever they lie. */
  readonly #known = new Map<string, Node>();

  constructor(from: Importing, inputRoot: Node, path: string) {
    this.#from = from;
    this.#inputRoot = inputRoot;
    this.#path = path;
  }

  async read(result: ActionResult): Promise<Node | undefined> {
    const node = (await this.#directory(result)) ?? this.#file(result) ?? this.#link(result);
    if (node?.type !== 'directory') return node;
    const { trees } = this.#from;
    if (nodesBelow(trees, node) > MOST_NODES) throw new BadResult('it has too many files');
    for (const [path, one] of trees.walk(node)) {
      if (Buffer.byteLength(path) > MOST_PATH_BYTES) throw new BadResult('it has a path that no file can have');
      if (one.type === 'symlink' && one.target.startsWith('/'))
        throw new BadResult(`its link ${this.#path}/${path} leads to ${one.target}`);
    }
    const escaping = escapingLink(trees, node);
    if (escaping) throw new BadResult(`its link ${this.#path}/${escaping.path} leads out of it, to ${escaping.target}`);
    return node;
  }

  #file({ outputFiles }: ActionResult): Node | undefined {
    const file = outputFiles.find(({ path }) => path === this.#path);
    const of = fromWire(file?.digest);
    return file && of && { type: 'file', digest: of, executable: file.isExecutable };
  }

  /** Old and new servers have different fields for it. */
  #link({ outputSymlinks, outputFileSymlinks, outputDirectorySymlinks }: ActionResult): Node | undefined {
    const all = [...outputSymlinks, ...outputFileSymlinks, ...outputDirectorySymlinks];
    const link = all.find(({ path }) => path === this.#path);
    return link && this.#followed(link.target);
  }

  async #directory(result: ActionResult): Promise<Node | undefined> {
    const directory = result.outputDirectories.find(({ path }) => path === this.#path);
    if (!directory) return undefined;
    const tree = fromWire(directory.treeDigest);
    const root = fromWire(directory.rootDirectoryDigest);
    if (tree) return this.#built(await this.#readTree(tree, inlinedTrees(result)), 0);
    if (!root) throw new BadResult(`its output ${this.#path} has no digest`);
    await this.#readLevels(root);
    return this.#built(root, 0);
  }

  /** Gives the digest of the root. */
  async #readTree(tree: Digest, inlined: ReadonlyMap<string, Uint8Array>): Promise<Digest> {
    const bytes = inlined.get(tree.hash) ?? (await this.#from.read([tree])).get(tree.hash)!;
    const [root, ...children] = decodeTree(bytes);
    for (const directory of [root, ...children]) this.#encoded.set(digestOf(directory).hash, directory);
    return digestOf(root);
  }

  /** Of a server that has no trees: directories level by level. */
  async #readLevels(root: Digest): Promise<void> {
    let level = [root];
    let bytesInAll = 0;
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MOST_LEVELS) throw new BadResult('its folders are too deep');
      for (const { size } of level) bytesInAll += size;
      if (bytesInAll > MOST_MESSAGES) throw new BadResult('it has too many files');
      const below = new Map<string, Digest>();
      for (const [hash, bytes] of await this.#from.read(level)) {
        this.#encoded.set(hash, bytes);
        for (const node of decodeForeignDirectory(bytes).values())
          if (node.type === 'directory' && !this.#encoded.has(node.digest.hash))
            below.set(node.digest.hash, node.digest);
      }
      level = [...below.values()];
    }
  }

  /** Stores a directory and all below, with inputs in the place of links to them. */
  #built(of: Digest, depth: number): Node {
    const known = this.#known.get(of.hash);
    if (known) return known;
    if (depth > MOST_LEVELS) throw new BadResult('its folders are too deep');
    const entries = new Map<string, Node>();
    for (const [name, entry] of this.#entries(of)) {
      if (Buffer.byteLength(name) > MOST_NAME_BYTES) throw new BadResult('it has a name that no file can have');
      entries.set(name, entry.type === 'directory' ? this.#built(entry.digest, depth + 1) : this.#leaf(entry));
    }
    const built = this.#from.trees.store(entries);
    this.#known.set(of.hash, built);
    return built;
  }

  #leaf(entry: Exclude<Node, { readonly type: 'directory' }>): Node {
    return entry.type === 'symlink'
      ? this.#followed(entry.target)
      : { ...entry, digest: fromWire(onWire(entry.digest))! };
  }

  #entries(of: Digest): Entries {
    if (of.size === 0) return new Map();
    const bytes = this.#encoded.get(of.hash);
    if (!bytes) throw new BadResult(`a directory of its output ${this.#path} is missing`);
    return decodeForeignDirectory(bytes);
  }

  /** A link into an input is the input's node, as in what a sandbox here has left. */
  #followed(target: string): Node {
    const input = /^\/in\/(.+)$/s.exec(target)?.[1];
    if (input === undefined) {
      if (target === '' || /[\0\ufffd]/.test(target) || Buffer.byteLength(target) > MOST_TARGET_BYTES)
        throw new BadResult('it has a link that leads to no path');
      return { type: 'symlink', target };
    }
    if (input.split('/').includes('..')) throw new BadResult(`it has a link to ${target}`);
    const node = this.#from.trees.lookup(this.#inputRoot, `in/${input}`);
    if (!node) throw new BadResult(`it has a link to ${target}, which is no input`);
    return node;
  }
}

/** Counted once for each folder: few messages can name one again and again. */
function nodesBelow(trees: Trees, of: Node, known = new Map<string, number>(), depth = 0): number {
  if (of.type !== 'directory') return 0;
  if (2 * depth > MOST_PATH_BYTES) throw new BadResult('it has a path that no file can have');
  const { hash } = of.digest;
  let count = known.get(hash);
  if (count === undefined) {
    count = 0;
    for (const node of trees.entries(of.digest).values()) count += 1 + nodesBelow(trees, node, known, depth + 1);
    known.set(hash, count);
  }
  return count;
}
