/**
 * Runs an action of the Remote Execution API as others' workers do: the input root is copied and becomes `/`, writable,
 * without a network; afterwards the outputs are taken in, symlinks as they are. Shares no code with the engine.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  ActionResultSchema,
  ActionSchema,
  CommandSchema,
  DirectorySchema,
  TreeSchema,
  type ActionResult,
  type Command,
  type Digest,
  type Directory,
} from '../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';

/** Blobs in a folder, each a file with its hash as its name. */
export class Blobs {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(hash: string): string {
    return join(this.folder, hash);
  }

  has(hash: string): boolean {
    return existsSync(this.path(hash));
  }

  get(of: Digest | undefined): Uint8Array {
    return of && of.sizeBytes > 0n ? readFileSync(this.path(of.hash)) : new Uint8Array();
  }

  put(bytes: Uint8Array): { readonly hash: string; readonly sizeBytes: bigint } {
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (!this.has(hash)) writeFileSync(this.path(hash), bytes);
    return { hash, sizeBytes: BigInt(bytes.length) };
  }
}

/** What an action needs that is not there, as `hash/size`. */
export function missingOf(blobs: Blobs, action: Digest): string[] {
  const missing: string[] = [];
  const seen = new Set<string>();
  const need = (of: Digest | undefined): Uint8Array | undefined => {
    if (!of || of.sizeBytes === 0n || seen.has(of.hash)) return undefined;
    seen.add(of.hash);
    if (blobs.has(of.hash)) return blobs.get(of);
    missing.push(`${of.hash}/${of.sizeBytes}`);
    return undefined;
  };
  const walk = (of: Digest | undefined): void => {
    const bytes = need(of);
    if (!bytes) return;
    const { files, directories } = fromBinary(DirectorySchema, bytes);
    for (const { digest } of files)
      if (digest && digest.sizeBytes > 0n && !blobs.has(digest.hash))
        missing.push(`${digest.hash}/${digest.sizeBytes}`);
    for (const { digest } of directories) walk(digest);
  };
  const bytes = need(action);
  if (!bytes) return missing;
  const { commandDigest, inputRootDigest } = fromBinary(ActionSchema, bytes);
  need(commandDigest);
  walk(inputRootDigest);
  return missing;
}

export interface Execution {
  readonly result: ActionResult;
  readonly timedOut: boolean;
}

/** Properties of an action's platform. */
export function platformOf(blobs: Blobs, action: Digest): Readonly<Record<string, string>> {
  const { platform } = fromBinary(ActionSchema, blobs.get(action));
  return Object.fromEntries((platform?.properties ?? []).map(({ name, value }) => [name, value]));
}

/** Runs an action whose blobs are all there. `bubblewrap` is the program; without, it starts in the input root. */
export async function execute(
  blobs: Blobs,
  action: Digest,
  bubblewrap: string | undefined,
  signal: AbortSignal,
): Promise<Execution> {
  const { commandDigest, inputRootDigest, timeout } = fromBinary(ActionSchema, blobs.get(action));
  const command = fromBinary(CommandSchema, blobs.get(commandDigest));
  const root = mkdtempSync(join(blobs.folder, '../root-'));
  try {
    stage(blobs, inputRootDigest, root);
    const timeoutMs = timeout ? Number(timeout.seconds) * 1000 + timeout.nanos / 1e6 : 0;
    const ran = await run(
      bubblewrap,
      root,
      command,
      AbortSignal.any([signal, AbortSignal.timeout(timeoutMs || 60_000)]),
    );
    const timedOut = ran.killed && !signal.aborted;
    return { timedOut, result: create(ActionResultSchema, { ...ran.result, ...collect(blobs, root, command) }) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }

  async function run(program: string | undefined, at: string, of: Command, ending: AbortSignal) {
    const environment = of.environmentVariables.flatMap(({ name, value }) => ['--setenv', name, value]);
    const sandbox = ['--unshare-all', '--uid', '0', '--gid', '0', '--die-with-parent', '--bind', at, '/'];
    const mounts = ['--proc', '/proc', '--dev', '/dev', '--chdir', '/', '--clearenv', ...environment];
    const { promise, resolve } = Promise.withResolvers<{ code: number; killed: boolean; out: Buffer; error: Buffer }>();
    const [command = '', ...rest] = program ? [program, ...sandbox, ...mounts, '--', ...of.arguments] : of.arguments;
    const child = execFile(
      program ? command : join(at, command),
      rest,
      { cwd: at, encoding: 'buffer', maxBuffer: 2 ** 26, killSignal: 'SIGKILL' },
      (failed, out, error) => resolve({ code: exitCodeOf(failed), killed: ending.aborted, out, error }),
    );
    const end = (): void => void child.kill('SIGKILL');
    ending.addEventListener('abort', end);
    const { code, killed, out, error } = await promise;
    ending.removeEventListener('abort', end);
    const said = { stdoutDigest: blobs.put(out), stderrDigest: blobs.put(error) };
    const executionMetadata = { worker: 'a worker of the tests' };
    return { killed, result: { exitCode: code, ...said, executionMetadata } };
  }
}

function exitCodeOf(failed: (Error & { code?: unknown }) | null): number {
  if (!failed) return 0;
  return typeof failed.code === 'number' ? failed.code : 137;
}

function stage(blobs: Blobs, of: Digest | undefined, to: string): void {
  mkdirSync(to, { recursive: true });
  const { files, directories, symlinks } = fromBinary(DirectorySchema, blobs.get(of));
  for (const { name, digest, isExecutable } of files) {
    if (digest!.sizeBytes === 0n) writeFileSync(join(to, name), '');
    else copyFileSync(blobs.path(digest!.hash), join(to, name));
    chmodSync(join(to, name), isExecutable ? 0o755 : 0o644);
  }
  for (const { name, digest } of directories) stage(blobs, digest, join(to, name));
  for (const { name, target } of symlinks) symlinkSync(target, join(to, name));
}

/** Outputs as a server of version 2.1 and later tells them: trees alone, and missing ones left out. */
function collect(blobs: Blobs, root: string, { outputPaths }: Command) {
  const outputFiles = [];
  const outputDirectories = [];
  const outputSymlinks = [];
  for (const path of outputPaths) {
    const at = join(root, path);
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) outputSymlinks.push({ path, target: readlinkSync(at) });
    else if (stats?.isFile())
      outputFiles.push({ path, digest: blobs.put(readFileSync(at)), isExecutable: (stats.mode & 0o100) !== 0 });
    else if (stats?.isDirectory()) {
      const children: Directory[] = [];
      const tree = create(TreeSchema, { root: takeIn(blobs, at, children), children });
      outputDirectories.push({ path, treeDigest: blobs.put(toBinary(TreeSchema, tree)) });
    }
  }
  return { outputFiles, outputDirectories, outputSymlinks };
}

function takeIn(blobs: Blobs, folder: string, children: Directory[]): Directory {
  const directory = create(DirectorySchema);
  for (const name of readdirSync(folder).toSorted()) {
    const at = join(folder, name);
    const stats = lstatSync(at);
    const message = create(DirectorySchema, {
      ...(stats.isFile()
        ? { files: [{ name, digest: blobs.put(readFileSync(at)), isExecutable: (stats.mode & 0o100) !== 0 }] }
        : {}),
      ...(stats.isSymbolicLink() ? { symlinks: [{ name, target: readlinkSync(at) }] } : {}),
    });
    directory.files.push(...message.files);
    directory.symlinks.push(...message.symlinks);
    if (!stats.isDirectory()) continue;
    const below = takeIn(blobs, at, children);
    children.push(below);
    const digest = blobs.put(toBinary(DirectorySchema, below));
    directory.directories.push(...create(DirectorySchema, { directories: [{ name, digest }] }).directories);
  }
  return directory;
}
