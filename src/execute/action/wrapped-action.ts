/**
 * An action for workers that start commands in the folder of their inputs, and not with it as their root: it brings
 * bubblewrap, which makes the sandbox that the action has here. It has a key of its own; what it leaves is that of the action.
 */
import { digestOf } from '../../../cache/cas.ts';
import { encodeAction, encodeCommand } from '../../../cache/reapi/messages.ts';
import type { RunnableAction } from '../../../cache/remote/remote-action.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { sortByCodePoint } from '../../step/order.ts';
import { BUBBLEWRAP, hostProgram } from '../process/host-program.ts';
import { NAMESPACES } from '../sandbox/sandbox.ts';

/** Folders of the wrapped action's input root: what bubblewrap runs from, and the action's own input root. */
const LAUNCHER = 'launch';
const ROOT = 'root';
/** Empty ones that it may write to. What is written to the last one is lost: no two actions share it. */
const WRITABLE = ['out', 'tmp', 'memo'];

/** How workers are reached, and what they start the action with. */
export interface Wrapping {
  /** Properties of the workers. */
  readonly platform: Readonly<Record<string, string>>;
  /** The tree that bubblewrap runs from. */
  readonly launcher: Node;
}

/** Wraps an action. Nothing is stored but empty folders. */
export function wrappedAction(store: Store, action: PlannedAction, { platform, launcher }: Wrapping): RunnableAction {
  const { trees } = store;
  const empty = trees.store(new Map());
  const inputRoot = trees.name(
    new Map<string, Node>([
      [LAUNCHER, launcher],
      [ROOT, action.inputRoot],
      ...WRITABLE.map((name) => [name, empty] as const),
    ]),
  );
  const { outputs } = action.command;
  const command = encodeCommand({ argv: launched(action), env: {}, outputs, platform });
  const { timeoutMs } = action.node;
  const about = { command: digestOf(command), inputRoot: inputRoot.digest, timeoutMs, platform, salt: action.salt };
  const encoded = encodeAction(about);
  return { key: digestOf(encoded), messages: [command, encoded], inputRoot };
}

/** All paths are relative to the folder of the inputs, where the command starts. */
function launched({ command: { argv, env } }: PlannedAction): readonly string[] {
  const environment = sortByCodePoint(Object.entries(env), ([name]) => name).flatMap(([name, value]) => [
    '--setenv',
    name,
    value,
  ]);
  return [
    ...hostProgram(LAUNCHER, BUBBLEWRAP),
    ...NAMESPACES,
    ...['--uid', '0', '--gid', '0', '--hostname', 'dsmb', '--die-with-parent', '--new-session'],
    ...['--cap-drop', 'ALL', '--clearenv', ...environment],
    ...['--ro-bind', ROOT, '/', '--proc', '/proc', '--dev', '/dev'],
    ...WRITABLE.flatMap((name) => ['--bind', name, `/${name}`]),
    ...['--remount-ro', '/proc', '--chdir', '/tmp', '--', ...argv],
  ];
}
