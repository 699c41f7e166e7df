/** The sandbox: the input root as the root file system, in namespaces of its own, made by bubblewrap. */
import { mkdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import { processToken } from '../../cache/processes.ts';
import type { Store } from '../../cache/store.ts';
import type { PlannedAction } from '../plan/key.ts';
import { networkFiles } from './network-files.ts';

/** The folders of one run of an action, below the store so that outputs can be renamed into it. */
export interface Sandbox {
  readonly folder: string;
  readonly out: string;
  readonly tmp: string;
  readonly log: string;
  /** Removes all of it. */
  remove(): void;
}

/** Lays out the inputs of an action. Files are hard links into the store, folders are mounted. */
export function layOut(store: Store, action: PlannedAction): Sandbox {
  const folder = store.folder('sandboxes', `${processToken()}-${randomBytes(6).toString('hex')}`);
  for (const name of ['in', 'dsmb', 'out', 'tmp']) mkdirSync(join(folder, name));
  for (const [name, node] of action.inputs) {
    const path = join(folder, 'in', name);
    if (node.type === 'directory') mkdirSync(path);
    else store.folders.link(node, path);
  }
  for (const [name, node] of action.files) store.folders.link(node, join(folder, 'dsmb', name));
  return {
    folder,
    out: join(folder, 'out'),
    tmp: join(folder, 'tmp'),
    log: join(folder, 'log'),
    remove: () => removeTree(folder),
  };
}

/** Sees to it that the folders that the sandbox mounts are there. Several processes lay each of them out once in all. */
export async function layOutFolders(store: Store, action: PlannedAction, signal: AbortSignal): Promise<void> {
  for (const node of [action.base, ...action.inputs.values()]) {
    if (node.type !== 'directory' || store.folders.has(node)) continue;
    await store.locks.with(`tree ${node.digest.hash}`, async () => void store.folders.folder(node), { signal });
  }
}

/** What of the machine an action may use beside its inputs. None of it is in the key. */
export interface Grants {
  /** The device of KVM, where it was seen to work. */
  readonly kvm: boolean;
  /** A folder for content-addressed results that outlives the action. */
  readonly memo: string | undefined;
  /** The user's terminal, for what `dsmb run` starts. */
  readonly terminal?: { readonly network: boolean; readonly env: Readonly<Record<string, string>> };
}

/** The bubblewrap call that runs the action's command in its sandbox. */
export function sandboxArgv(
  store: Store,
  bubblewrap: readonly string[],
  action: PlannedAction,
  sandbox: Sandbox,
  grants: Grants,
): string[] {
  const folders = [...action.inputs].flatMap(([name, node]) =>
    node.type === 'directory' ? ['--ro-bind', store.folders.folder(node), `/in/${name}`] : [],
  );
  const { terminal } = grants;
  const environment = Object.entries({ ...action.command.env, ...terminal?.env }).flatMap(([name, value]) => [
    ...['--setenv', name, value],
  ]);
  return [
    ...bubblewrap,
    ...[
      '--unshare-all',
      ...(terminal?.network ? ['--share-net'] : []),
      '--unshare-user',
      '--uid',
      '0',
      '--gid',
      '0',
      '--hostname',
      'dsmb',
    ],
    // A session of its own has no terminal.
    ...['--die-with-parent', ...(terminal ? [] : ['--new-session']), '--cap-drop', 'ALL', '--clearenv', ...environment],
    ...['--ro-bind', store.folders.folder(action.base), '/', '--proc', '/proc', '--dev', '/dev'],
    ...(terminal?.network ? networkFiles(store.folders.folder(action.base)) : []),
    ...['--ro-bind', join(sandbox.folder, 'dsmb'), '/dsmb', '--ro-bind', join(sandbox.folder, 'in'), '/in'],
    ...folders,
    ...['--bind', sandbox.out, '/out', '--bind', sandbox.tmp, '/tmp'],
    ...(grants.memo ? ['--bind', grants.memo, '/memo'] : []),
    ...(grants.kvm ? ['--dev-bind', '/dev/kvm', '/dev/kvm'] : []),
    ...['--chdir', '/tmp', '--', ...action.command.argv],
  ];
}
