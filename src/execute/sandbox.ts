/** The sandbox: the input root as the root file system, in namespaces of its own, made by bubblewrap. */
import type { Store } from '../../cache/store.ts';
import type { PlannedAction } from '../plan/key.ts';
import { networkFiles } from './network-files.ts';
import type { Sandbox } from './sandboxes.ts';

/** Sees to it that the folders that the sandbox mounts are there. Several processes lay each of them out once in all. */
export async function layOutFolders(
  store: Store,
  action: Pick<PlannedAction, 'base' | 'inputs'>,
  signal: AbortSignal,
): Promise<void> {
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
  /** The user's terminal, for what is started by hand. */
  readonly terminal?: { readonly network: boolean; readonly env: Readonly<Record<string, string>> };
}

/** What runs in a sandbox, and on what. */
export interface SandboxedCommand extends Pick<PlannedAction, 'base' | 'inputs'> {
  readonly command: Pick<PlannedAction['command'], 'argv' | 'env'>;
  readonly isStep: boolean;
}

/** All that there are: users, processes, network, mounts, names, System V objects, control groups. */
export const NAMESPACES = ['--unshare-all', '--unshare-user'];

/** The bubblewrap call that runs the action's command in its sandbox. */
export function sandboxArgv(
  store: Store,
  bubblewrap: readonly string[],
  action: SandboxedCommand,
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
    ...NAMESPACES,
    ...(terminal?.network ? ['--share-net'] : []),
    ...['--uid', '0', '--gid', '0', '--hostname', 'dsmb'],
    // A session of its own has no terminal.
    ...['--die-with-parent', ...(terminal ? [] : ['--new-session']), '--cap-drop', 'ALL', '--clearenv', ...environment],
    ...['--ro-bind', store.folders.folder(action.base), '/', '--proc', '/proc', '--dev', '/dev'],
    ...(terminal?.network ? networkFiles(store.folders.folder(action.base)) : []),
    // Where there is nothing, the empty folder of the input root does.
    ...(action.isStep ? ['--ro-bind', sandbox.dsmb, '/dsmb'] : []),
    ...(action.isStep || action.inputs.size > 0 ? ['--ro-bind', sandbox.in, '/in'] : []),
    ...folders,
    ...['--bind', sandbox.out, '/out', '--bind', sandbox.tmp, '/tmp'],
    ...(grants.memo ? ['--bind', grants.memo, '/memo'] : []),
    ...(grants.kvm ? ['--dev-bind', '/dev/kvm', '/dev/kvm'] : []),
    ...['--chdir', '/tmp', '--', ...action.command.argv],
  ];
}
