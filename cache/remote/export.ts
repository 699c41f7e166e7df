/** What goes elsewhere goes out here: the mirror of `import.ts`. Only what has ended well, and is in the store as it was made. */
import { create } from '@bufbuild/protobuf';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Digest } from '../../src/model/digest.ts';
import { digestOf } from '../cas.ts';
import {
  ActionResultSchema,
  type ActionResult,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { encodeDirectory, encodeTree, type ResultData } from '../reapi/messages.ts';
import type { Store } from '../store.ts';
import type { Node, Trees } from '../tree.ts';
import { InlinedTrees } from './inlined-trees.ts';
import type { Source } from './source.ts';
import { onWire } from './wire-digest.ts';

/** An action with its result, as it is to be sent. */
export interface Exported {
  readonly key: Digest;
  /** `Command`, `Action`, trees and directories. */
  readonly messages: readonly Source[];
  readonly files: readonly Source[];
  readonly result: ActionResult;
}

/** Puts a result into messages. Throws a `BLOB_MISSING` failure where the store does not have all of it. */
export function exportResult(
  { cas, trees }: Store,
  [command, action]: readonly [command: Uint8Array, action: Uint8Array],
  { outputs, log, startedAt, durationMs, worker }: ResultData,
): Exported {
  const messages = [bytesSource(command), bytesSource(action)];
  const files = new Map<string, Source>();
  const addFile = (of: Digest, inParts = false): void =>
    void files.set(of.hash, { ...fileSource(cas.path(of), of), inParts });
  const outputFiles = [];
  const outputDirectories = [];
  const inlined = new InlinedTrees();
  for (const [path, node] of outputs) {
    if (node.type === 'symlink') continue;
    if (node.type === 'file') {
      // An archive or an image: of what lies in a folder, little is large and changes.
      addFile(node.digest, true);
      outputFiles.push({ path, digest: onWire(node.digest), isExecutable: node.executable });
      continue;
    }
    const { directories, below } = gathered(trees, node);
    for (const of of below) addFile(of);
    const encoded = encodeTree(directories);
    const tree = bytesSource(encoded);
    messages.push(tree);
    inlined.add(encoded);
    for (const directory of directories) messages.push(bytesSource(directory));
    // Both: some servers want the one, and some the other.
    const digests = { treeDigest: onWire(tree.digest), rootDirectoryDigest: onWire(node.digest) };
    outputDirectories.push({ path, ...digests });
  }
  if (log && cas.has(log)) addFile(log);
  const result = create(ActionResultSchema, {
    outputFiles,
    outputDirectories,
    ...(log && cas.has(log) ? { stderrDigest: onWire(log) } : {}),
    executionMetadata: {
      worker,
      executionStartTimestamp: timestamp(startedAt),
      executionCompletedTimestamp: timestamp(startedAt + durationMs),
      auxiliaryMetadata: inlined.messages,
    },
  });
  return { key: digestOf(action), messages, files: [...files.values()], result };
}

/** An action as it is to be run elsewhere. */
interface Runnable {
  readonly messages: readonly [command: Uint8Array, action: Uint8Array];
  readonly inputRoot: Node;
}

/** What an action reads: its messages, directories and files, but for directories of which all is there. */
export function exportInputs(
  { cas, trees }: Store,
  { messages, inputRoot }: Runnable,
  isThere: (directory: Digest) => boolean,
): Pick<Exported, 'messages' | 'files'> {
  if (inputRoot.type !== 'directory') throw new TypeError('an input root is a directory');
  const { directories, below } = gathered(trees, inputRoot, isThere);
  return {
    messages: [...messages, ...directories].map(bytesSource),
    files: [...below].map((of) => fileSource(cas.path(of), of)),
  };
}

/** Each directory below a node once, the node first; and the files in them. */
function gathered(
  trees: Trees,
  root: Node & { readonly type: 'directory' },
  isThere: (directory: Digest) => boolean = () => false,
): { readonly directories: readonly [Uint8Array, ...Uint8Array[]]; readonly below: Iterable<Digest> } {
  const seen = new Set<string>();
  const directories: Uint8Array[] = [];
  const files = new Map<string, Digest>();
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.type === 'symlink') continue;
    if (node.type === 'file') files.set(node.digest.hash, node.digest);
    else if (!seen.has(node.digest.hash) && !isThere(node.digest)) {
      seen.add(node.digest.hash);
      const entries = trees.entries(node.digest);
      directories.push(encodeDirectory(entries));
      waiting.push(...entries.values());
    }
  }
  return { directories: directories as [Uint8Array, ...Uint8Array[]], below: files.values() };
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  return {
    digest: digestOf(bytes),
    *read(offset, chunkBytes) {
      for (let at = offset; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

function fileSource(path: string, digest: Digest): Source {
  return {
    digest,
    *read(offset, chunkBytes) {
      const file = openSync(path, 'r');
      try {
        for (let at = offset; at < digest.size;) {
          const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, digest.size - at));
          const read = readSync(file, chunk, 0, chunk.length, at);
          if (read === 0) return;
          yield chunk.subarray(0, read);
          at += read;
        }
      } finally {
        closeSync(file);
      }
    },
  };
}

function timestamp(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round((ms % 1000) * 1e6) };
}
