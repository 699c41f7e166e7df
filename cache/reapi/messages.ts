/** The messages of the Remote Execution API v2 that identities are made of, in their canonical encoding. */
import { digest, type Digest } from '../../src/model/digest.ts';
import { compareCodePoints, sortByCodePoint } from '../../src/step/order.ts';
import type { Entries, Node } from '../node.ts';
import { MessageReader, MessageWriter } from './wire.ts';

// Numbers of fields, from build/bazel/remote/execution/v2/remote_execution.proto. They are written in their order.
const DIGEST = { hash: 1, size: 2 };
const DIRECTORY = { files: 1, directories: 2, symlinks: 3 };
/** `FileNode` and `DirectoryNode`. */
const NODE = { name: 1, digest: 2, executable: 4 };
const TREE = { root: 1, children: 2 };
const PAIR = { name: 1, value: 2 };
const PLATFORM = { properties: 1 };
const COMMAND = { arguments: 1, environment: 2, outputFiles: 3, outputDirectories: 4, platform: 5, outputPaths: 7 };
const ACTION = { command: 1, inputRoot: 2, timeout: 6, salt: 9, platform: 10 };
const RESULT = { files: 2, directories: 3, stderr: 8, metadata: 9 };
/** `OutputFile` and `OutputDirectory`. */
const OUTPUT = { path: 1, digest: 2, executable: 4, rootDirectory: 5 };
const METADATA = { worker: 1, started: 7, completed: 8, auxiliary: 11 };
/** A message of any type, as `google.protobuf.Any` holds it. */
const ANY = { type: 1, value: 2 };
const TIME = { seconds: 1, nanos: 2 };
/** In a millisecond. */
const NANOS = 1_000_000;

/** What runs, as the API's `Command` holds it. */
export interface CommandData {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to the input root. */
  readonly outputs: readonly { readonly path: string; readonly shape: 'file' | 'folder' }[];
  readonly platform: Readonly<Record<string, string>>;
}

/** Encodes a `Directory`: files, directories and symlinks each sorted by name, by UTF-8 bytes. */
export function encodeDirectory(entries: Entries): Uint8Array {
  const message = new MessageWriter();
  writeDirectory(message, entries);
  return message.finish();
}

function writeDirectory(message: MessageWriter, entries: Entries): void {
  const of = <Type extends Node['type']>(type: Type) =>
    [...entries]
      .filter((entry): entry is [string, Extract<Node, { type: Type }>] => entry[1].type === type)
      .sort(([a], [b]) => compareCodePoints(a, b));
  for (const [name, node] of of('file'))
    message.message(DIRECTORY.files, (file) => {
      file.text(NODE.name, name);
      writeDigest(file, NODE.digest, node.digest);
      file.flag(NODE.executable, node.executable);
    });
  for (const [name, node] of of('directory'))
    message.message(DIRECTORY.directories, (directory) => {
      directory.text(NODE.name, name);
      writeDigest(directory, NODE.digest, node.digest);
    });
  for (const [name, node] of of('symlink')) writePair(message, DIRECTORY.symlinks, name, node.target);
}

export function decodeDirectory(bytes: Uint8Array): Entries {
  return readDirectory(new MessageReader(bytes));
}

/** A `Directory` of somebody who may mean harm. Throws where an entry has no name that a folder can have, or one twice. */
export function decodeForeignDirectory(bytes: Uint8Array): Entries {
  const directory = new MessageReader(bytes);
  const entries = readDirectory(directory);
  const count = Object.values(DIRECTORY).reduce((sum, field) => sum + directory.encoded(field).length, 0);
  if (entries.size !== count) throw new RangeError('a directory has a name twice, or an entry without a digest');
  for (const name of entries.keys())
    if (name === '' || name === '.' || name === '..' || /[/\0\ufffd]/.test(name))
      throw new RangeError(`a directory has the name ${JSON.stringify(name)}`);
  return entries;
}

function readDirectory(directory: MessageReader): Entries {
  const entries = new Map<string, Node>();
  for (const file of directory.messages(DIRECTORY.files)) {
    const of = readDigest(file, NODE.digest);
    if (of) entries.set(file.text(NODE.name), { type: 'file', digest: of, executable: file.flag(NODE.executable) });
  }
  for (const folder of directory.messages(DIRECTORY.directories)) {
    const of = readDigest(folder, NODE.digest);
    if (of) entries.set(folder.text(NODE.name), { type: 'directory', digest: of });
  }
  for (const link of directory.messages(DIRECTORY.symlinks))
    entries.set(link.text(PAIR.name), { type: 'symlink', target: link.text(PAIR.value) });
  return entries;
}

/** A `Tree`: directories as they were encoded, the root first. */
export function encodeTree([root, ...children]: readonly [Uint8Array, ...Uint8Array[]]): Uint8Array {
  const message = new MessageWriter();
  message.encoded(TREE.root, root);
  for (const child of children) message.encoded(TREE.children, child);
  return message.finish();
}

/** The directories of a `Tree` as they were encoded, the root first. */
export function decodeTree(bytes: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const tree = new MessageReader(bytes);
  return [tree.encoded(TREE.root).at(-1) ?? new Uint8Array(), ...tree.encoded(TREE.children)];
}

/** Encodes a `Command`. Old and new output fields are both set: servers that speak 2.0 ignore the new one. */
export function encodeCommand(command: CommandData): Uint8Array {
  const paths = (shape?: 'file' | 'folder') =>
    sortByCodePoint(new Set(command.outputs.filter((one) => !shape || one.shape === shape).map((one) => one.path)));
  const message = new MessageWriter();
  for (const argument of command.argv) message.element(COMMAND.arguments, argument);
  for (const [name, value] of byName(command.env)) writePair(message, COMMAND.environment, name, value);
  for (const path of paths('file')) message.element(COMMAND.outputFiles, path);
  for (const path of paths('folder')) message.element(COMMAND.outputDirectories, path);
  writePlatform(message, COMMAND.platform, command.platform);
  for (const path of paths()) message.element(COMMAND.outputPaths, path);
  return message.finish();
}

/** Encodes an `Action`; its digest is the action key. */
export function encodeAction(action: {
  readonly command: Digest;
  readonly inputRoot: Digest;
  readonly timeoutMs: number;
  readonly platform: Readonly<Record<string, string>>;
  readonly salt: string;
}): Uint8Array {
  const message = new MessageWriter();
  writeDigest(message, ACTION.command, action.command);
  writeDigest(message, ACTION.inputRoot, action.inputRoot);
  writeTime(message, ACTION.timeout, action.timeoutMs);
  message.text(ACTION.salt, action.salt);
  writePlatform(message, ACTION.platform, action.platform);
  return message.finish();
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

/** The metadata of a result that says what its action was made of: its input root as one `Directory`, by path. */
const MADE_OF = 'type.googleapis.com/build.bazel.remote.execution.v2.Directory';

/** Encodes an `ActionResult`. `madeOf` is what must not be lost as long as the result is kept, by path in the input root. */
export function encodeResult({ outputs, log, startedAt, durationMs, worker }: ResultData, madeOf: Entries): Uint8Array {
  const sorted = sortByCodePoint(outputs, ([path]) => path);
  const message = new MessageWriter();
  for (const [path, node] of sorted)
    if (node.type === 'file')
      message.message(RESULT.files, (file) => {
        file.text(OUTPUT.path, path);
        writeDigest(file, OUTPUT.digest, node.digest);
        file.flag(OUTPUT.executable, node.executable);
      });
  for (const [path, node] of sorted)
    if (node.type === 'directory')
      message.message(RESULT.directories, (directory) => {
        directory.text(OUTPUT.path, path);
        writeDigest(directory, OUTPUT.rootDirectory, node.digest);
      });
  if (log) writeDigest(message, RESULT.stderr, log);
  message.message(RESULT.metadata, (metadata) => {
    metadata.text(METADATA.worker, worker);
    writeTime(metadata, METADATA.started, startedAt);
    writeTime(metadata, METADATA.completed, startedAt + durationMs);
    if (madeOf.size === 0) return;
    metadata.message(METADATA.auxiliary, (any) => {
      any.text(ANY.type, MADE_OF);
      any.message(ANY.value, (directory) => writeDirectory(directory, madeOf));
    });
  });
  return message.finish();
}

export function decodeResult(bytes: Uint8Array): ResultData {
  const result = new MessageReader(bytes);
  const outputs = new Map<string, Node>();
  for (const file of result.messages(RESULT.files)) {
    const of = readDigest(file, OUTPUT.digest);
    const executable = file.flag(OUTPUT.executable);
    if (of) outputs.set(file.text(OUTPUT.path), { type: 'file', digest: of, executable });
  }
  for (const folder of result.messages(RESULT.directories)) {
    const of = readDigest(folder, OUTPUT.rootDirectory);
    if (of) outputs.set(folder.text(OUTPUT.path), { type: 'directory', digest: of });
  }
  const metadata = result.message(RESULT.metadata);
  const startedAt = readTime(metadata, METADATA.started);
  return {
    outputs,
    log: readDigest(result, RESULT.stderr),
    startedAt,
    durationMs: readTime(metadata, METADATA.completed) - startedAt,
    worker: metadata?.text(METADATA.worker) ?? '',
  };
}

/** What the action of an encoded result was made of. */
export function decodeMadeOf(bytes: Uint8Array): Entries {
  const metadata = new MessageReader(bytes).message(RESULT.metadata)?.messages(METADATA.auxiliary) ?? [];
  const madeOf = metadata.find((any) => any.text(ANY.type) === MADE_OF)?.message(ANY.value);
  return madeOf ? readDirectory(madeOf) : new Map();
}

function writeDigest(message: MessageWriter, field: number, { hash, size }: Digest): void {
  message.message(field, (of) => {
    of.text(DIGEST.hash, hash);
    of.number(DIGEST.size, size);
  });
}

function readDigest(message: MessageReader, field: number): Digest | undefined {
  const of = message.message(field);
  return of && digest(of.text(DIGEST.hash), of.number(DIGEST.size));
}

/** A `SymlinkNode`, an `EnvironmentVariable` and a `Platform.Property` look the same. */
function writePair(message: MessageWriter, field: number, name: string, value: string): void {
  message.message(field, (pair) => {
    pair.text(PAIR.name, name);
    pair.text(PAIR.value, value);
  });
}

function writePlatform(message: MessageWriter, field: number, properties: Readonly<Record<string, string>>): void {
  message.message(field, (platform) => {
    for (const [name, value] of byName(properties)) writePair(platform, PLATFORM.properties, name, value);
  });
}

function byName(values: Readonly<Record<string, string>>): [name: string, value: string][] {
  return sortByCodePoint(Object.entries(values), ([name]) => name);
}

/** A `Duration`, or a `Timestamp` since 1970. */
function writeTime(message: MessageWriter, field: number, ms: number): void {
  message.message(field, (time) => {
    time.number(TIME.seconds, Math.floor(ms / 1000));
    time.number(TIME.nanos, Math.round((ms % 1000) * NANOS));
  });
}

function readTime(message: MessageReader | undefined, field: number): number {
  const time = message?.message(field);
  return time ? time.number(TIME.seconds) * 1000 + time.number(TIME.nanos) / NANOS : 0;
}
