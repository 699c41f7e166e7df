/** The messages of the Remote Execution API v2 that identities are made of, in their canonical encoding. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  ActionResultSchema,
  ActionSchema,
  CommandSchema,
  DirectorySchema,
  DigestSchema,
  PlatformSchema,
  type ActionResult,
  type Digest as ProtoDigest,
} from './gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { digest, type Digest } from '../../src/model/digest.ts';
import { compareCodePoints, sortByCodePoint } from '../../src/step/order.ts';
import type { Entries, Node } from '../tree.ts';

/** What runs, as the API's `Command` holds it. */
export interface CommandData {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the input root. */
  readonly outputs: readonly { readonly path: string; readonly shape: 'file' | 'folder' }[];
  readonly platform: Readonly<Record<string, string>>;
}

export function toProto(of: Digest): ProtoDigest {
  return create(DigestSchema, { hash: of.hash, sizeBytes: BigInt(of.size) });
}

export function fromProto(of: ProtoDigest): Digest {
  return digest(of.hash, Number(of.sizeBytes));
}

/** Encodes a `Directory`: files, directories and symlinks each sorted by name, by UTF-8 bytes. */
export function encodeDirectory(entries: Entries): Uint8Array {
  const of = <Type extends Node['type']>(type: Type) =>
    [...entries]
      .filter((entry): entry is [string, Extract<Node, { type: Type }>] => entry[1].type === type)
      .sort(([a], [b]) => compareCodePoints(a, b));
  return toBinary(
    DirectorySchema,
    create(DirectorySchema, {
      files: of('file').map(([name, node]) => ({
        name,
        digest: toProto(node.digest),
        isExecutable: node.executable,
      })),
      directories: of('directory').map(([name, node]) => ({ name, digest: toProto(node.digest) })),
      symlinks: of('symlink').map(([name, node]) => ({ name, target: node.target })),
    }),
  );
}

export function decodeDirectory(bytes: Uint8Array): Entries {
  const directory = fromBinary(DirectorySchema, bytes);
  const entries = new Map<string, Node>();
  for (const { name, digest: of, isExecutable } of directory.files)
    if (of) entries.set(name, { type: 'file', digest: fromProto(of), executable: isExecutable });
  for (const { name, digest: of } of directory.directories)
    if (of) entries.set(name, { type: 'directory', digest: fromProto(of) });
  for (const { name, target } of directory.symlinks) entries.set(name, { type: 'symlink', target });
  return entries;
}

function platformOf(properties: Readonly<Record<string, string>>) {
  const sorted = sortByCodePoint(Object.entries(properties), ([name]) => name);
  return create(PlatformSchema, { properties: sorted.map(([name, value]) => ({ name, value })) });
}

/** Encodes a `Command`. Old and new output fields are both set: servers that speak 2.0 ignore the new one. */
export function encodeCommand(command: CommandData): Uint8Array {
  const paths = (shape?: 'file' | 'folder') =>
    sortByCodePoint(new Set(command.outputs.filter((one) => !shape || one.shape === shape).map((one) => one.path)));
  return toBinary(
    CommandSchema,
    create(CommandSchema, {
      arguments: [...command.argv],
      environmentVariables: sortByCodePoint(Object.entries(command.env), ([name]) => name).map(([name, value]) => ({
        name,
        value,
      })),
      outputFiles: paths('file'),
      outputDirectories: paths('folder'),
      outputPaths: paths(),
      platform: platformOf(command.platform),
    }),
  );
}

/** Encodes an `Action`; its digest is the action key. */
export function encodeAction(action: {
  readonly command: Digest;
  readonly inputRoot: Digest;
  readonly timeoutMs: number;
  readonly platform: Readonly<Record<string, string>>;
  readonly salt: string;
}): Uint8Array {
  return toBinary(
    ActionSchema,
    create(ActionSchema, {
      commandDigest: toProto(action.command),
      inputRootDigest: toProto(action.inputRoot),
      timeout: {
        seconds: BigInt(Math.floor(action.timeoutMs / 1000)),
        nanos: (action.timeoutMs % 1000) * 1_000_000,
      },
      platform: platformOf(action.platform),
      salt: Buffer.from(action.salt),
    }),
  );
}

/** What an encoded `Action` refers to. */
export function decodeActionDigests(bytes: Uint8Array): { readonly command: Digest; readonly inputRoot: Digest } {
  const { commandDigest, inputRootDigest } = fromBinary(ActionSchema, bytes);
  if (!commandDigest || !inputRootDigest) throw new TypeError('not an Action');
  return { command: fromProto(commandDigest), inputRoot: fromProto(inputRootDigest) };
}

/** What an action left behind. */
export interface ResultData {
  /** By path relative to the input root. */
  readonly outputs: ReadonlyMap<string, Node>;
  readonly log: Digest | undefined;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly worker: string;
}

const NANOS = 1_000_000;

function timestamp(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.round((ms % 1000) * NANOS) };
}

function milliseconds(of: { seconds: bigint; nanos: number } | undefined): number {
  return of ? Number(of.seconds) * 1000 + of.nanos / NANOS : 0;
}

export function encodeResult(result: ResultData): Uint8Array {
  const outputs = sortByCodePoint(result.outputs, ([path]) => path);
  return toBinary(
    ActionResultSchema,
    create(ActionResultSchema, {
      outputFiles: outputs.flatMap(([path, node]) =>
        node.type === 'file' ? [{ path, digest: toProto(node.digest), isExecutable: node.executable }] : [],
      ),
      outputDirectories: outputs.flatMap(([path, node]) =>
        node.type === 'directory' ? [{ path, rootDirectoryDigest: toProto(node.digest) }] : [],
      ),
      ...(result.log ? { stderrDigest: toProto(result.log) } : {}),
      executionMetadata: {
        worker: result.worker,
        executionStartTimestamp: timestamp(result.startedAt),
        executionCompletedTimestamp: timestamp(result.startedAt + result.durationMs),
      },
    }),
  );
}

export function decodeResult(bytes: Uint8Array): ResultData {
  const result: ActionResult = fromBinary(ActionResultSchema, bytes);
  const outputs = new Map<string, Node>();
  for (const { path, digest: of, isExecutable } of result.outputFiles)
    if (of) outputs.set(path, { type: 'file', digest: fromProto(of), executable: isExecutable });
  for (const { path, rootDirectoryDigest: of } of result.outputDirectories)
    if (of) outputs.set(path, { type: 'directory', digest: fromProto(of) });
  const startedAt = milliseconds(result.executionMetadata?.executionStartTimestamp);
  return {
    outputs,
    log: result.stderrDigest ? fromProto(result.stderrDigest) : undefined,
    startedAt,
    durationMs: milliseconds(result.executionMetadata?.executionCompletedTimestamp) - startedAt,
    worker: result.executionMetadata?.worker ?? '',
  };
}
