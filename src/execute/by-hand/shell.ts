/** A shell, or one command, in the sandbox of an action: its inputs at `/in`, a scratch `/out`, nothing kept. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { fail } from '../../model/diagnostic.ts';
import { shellWord } from '../../model/shell-word.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { atTerminal, runByHand } from './by-hand.ts';
import { offerHints } from '../action/hints.ts';
import type { Machine } from '../machine.ts';
import { layOutFolders, sandboxCall } from '../sandbox/sandbox.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';
import { temporaryFolder } from '../action/temporary-folder.ts';
import { programElsewhere } from '../failure/undeclared.ts';

/** What runs in the sandbox. */
export interface ShellRequest {
  /** A program with its arguments; a shell of the sandbox where it is empty. */
  readonly argv: readonly string[];
  /** The package that a shell is taken from where the sandbox has none. */
  readonly busybox: () => Promise<Node>;
  /** Told before it starts: the interactive one. */
  readonly onReady: () => void;
}

/** Where the sandbox has what is put there for the user. */
const FOLDER = '/dsmb';
/** Runs what the action runs. */
export const RUN_AGAIN = `${FOLDER}/run`;
const BUSYBOX = `${FOLDER}/bin/busybox`;
const EXIT_CODE = '.exit-code-of-the-shell';

/** Shells that a toolchain may have, the most comfortable first; each with its arguments. */
const SHELLS = [['bash'], ['dash'], ['busybox', 'sh']] as const;
const SHELL_FOLDERS = ['usr/bin', 'bin'];

/** Runs it on the standard streams of this process, to its end. Gives its exit code. */
export async function runShell(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  { argv, busybox, onReady }: ShellRequest,
): Promise<number> {
  using sandbox = machine.sandboxes.layOut(action);
  using memo = temporaryFolder(store);
  using ending = endings();
  const { signal } = ending;
  await offerHints(store, action, sandbox, signal);
  const bubblewrap = await machine.bubblewrap();
  await layOutFolders(store, action, signal);
  const needsShell = argv.length === 0 || argv[0]!.startsWith(`${FOLDER}/`);
  const own = ownShell(store, action);
  const shell = own ?? (needsShell ? addBusybox(store, sandbox, await busybox()) : undefined);
  if (shell) writeRunAgain(sandbox, action, shell);
  const command = {
    ...action.command,
    argv: argv.length > 0 ? argv : forPerson(shell!),
    env: environment(action, own === shell),
  };
  requireProgram(store, machine, { ...action, command }, sandbox);
  const byHand = { network: false, env: {}, terminal: atTerminal() };
  const grants = { kvm: await machine.kvm(action), memo: memo.path, byHand };
  const call = sandboxCall(store, bubblewrap, { ...action, command, isStep: true }, sandbox, grants);
  if (argv.length === 0) onReady();
  const code = await runByHand(call, sandbox, { signal });
  return argv.length === 0 ? (noted(sandbox) ?? code) : code;
}

/**
 * At its end, dash hands the terminal back to the process group that had it, which is outside of the sandbox, and
 * fails. So another one, which gets no end of its own, starts the one for the user and notes its exit code.
 */
function forPerson(shell: readonly string[]): readonly string[] {
  const [program = ''] = shell;
  if (!atTerminal() || basename(program) !== 'dash') return shell;
  return [program, '-m', '-c', `${program} -i; echo $? >/tmp/${EXIT_CODE}; kill -9 $$`];
}

function noted({ tmp }: Sandbox): number | undefined {
  const path = join(tmp, EXIT_CODE);
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/** The environment of the action, with what a person needs at a terminal. */
function environment({ command, node }: PlannedAction, ownShell: boolean): Record<string, string> {
  const { TERM } = process.env;
  return {
    ...command.env,
    // What the action finds comes first.
    PATH: [command.env['PATH'] ?? '/usr/bin', ...(ownShell ? [] : [`${FOLDER}/bin`]), FOLDER].join(':'),
    PS1: `${node.label} ${node.mnemonic} # `,
    ...(TERM ? { TERM } : {}),
  };
}

/** A name that is on no folder of the PATH; a path may lead anywhere, and is left to whoever starts it. */
function requireProgram(
  store: Store,
  machine: Machine,
  { node, base, command }: PlannedAction,
  sandbox: Sandbox,
): void {
  const [program = ''] = command.argv;
  if (program.includes('/')) return;
  const isThere = (command.env['PATH'] ?? '').split(':').some((folder) => {
    const path = `${folder}/${program}`;
    return path.startsWith(`${FOLDER}/`)
      ? existsSync(join(sandbox.dsmb, path.slice(FOLDER.length)))
      : store.trees.lookup(base, path.slice(1)) !== undefined;
  });
  if (isThere) return;
  fail('NO_PROGRAM', `the sandbox of ${node.label} (${node.mnemonic}) has no program '${program}'`, {
    hint:
      programElsewhere(node, program, (path) => machine.toolchainWith(path))?.hint ??
      `look around: dsmb shell ${node.label}`,
  });
}

function ownShell(store: Store, { base }: PlannedAction): readonly string[] | undefined {
  for (const [name, ...args] of SHELLS)
    for (const folder of SHELL_FOLDERS)
      if (store.trees.lookup(base, `${folder}/${name}`)?.type === 'file') return [`/${folder}/${name}`, ...args];
  return undefined;
}

/** Puts busybox with a name for each of its programs beside the action's files. */
function addBusybox(store: Store, sandbox: Sandbox, packageTree: Node): readonly string[] {
  const found = SHELL_FOLDERS.map((folder) => store.trees.lookup(packageTree, `${folder}/busybox`));
  const binary =
    found.find((node) => node?.type === 'file') ?? fail('NO_SHELL', 'the package busybox-static has no busybox');
  const folder = join(sandbox.dsmb, 'bin');
  const path = join(folder, 'busybox');
  mkdirSync(folder);
  store.folders.link(binary, path);
  for (const name of execFileSync(path, ['--list'], { encoding: 'utf8', env: {} }).split('\n'))
    if (/^[\w[.-]+$/.test(name) && name !== 'busybox') symlinkSync('busybox', join(folder, name));
  return [BUSYBOX, 'sh'];
}

function writeRunAgain(sandbox: Sandbox, { command }: PlannedAction, shell: readonly string[]): void {
  const path = join(sandbox.dsmb, 'run');
  writeFileSync(path, `#!${shell.join(' ')}\ncd /tmp && exec ${command.argv.map(shellWord).join(' ')}\n`);
  chmodSync(path, 0o755);
}

/** What ends it. Ctrl-C is the business of what runs. */
function endings(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals): void => controller.abort(name);
  process.on('SIGTERM', end).on('SIGHUP', end);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off('SIGTERM', end).off('SIGHUP', end) };
}
