/** The command line: finds the command, and is the edge where a failure becomes a message and an exit code. */
import { Failure, systemError, toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { nearest } from '../load/nearest.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import { parseCall, type Commands } from './command.ts';
import { EXIT, exitOfCommand } from './exit.ts';
import { commandHelp, overview, version } from './help.ts';
import { printLine } from '../report/print.ts';

const COMMANDS: Commands = {
  build: async () => (await import('./build.ts')).build,
  test: async () => (await import('./test.ts')).test,
  run: async () => (await import('./run.ts')).run,
  init: async () => (await import('./init.ts')).init,
  check: async () => (await import('./check.ts')).check,
  set: async () => (await import('./set.ts')).set,
  list: async () => (await import('./list.ts')).list,
  watch: async () => (await import('./watch.ts')).watch,
  ui: async () => (await import('./ui.ts')).ui,
  graph: async () => (await import('./graph.ts')).graph,
  plan: async () => (await import('./plan.ts')).plan,
  why: async () => (await import('./why.ts')).why,
  query: async () => (await import('./query.ts')).query,
  actions: async () => (await import('./actions.ts')).actions,
  log: async () => (await import('./log.ts')).log,
  diff: async () => (await import('./diff.ts')).diff,
  shell: async () => (await import('./shell.ts')).shell,
  lock: async () => (await import('./lock.ts')).lock,
  gc: async () => (await import('./gc.ts')).gc,
  keep: async () => (await import('./keep.ts')).keep,
  fsck: async () => (await import('./fsck.ts')).fsck,
  clean: async () => (await import('./clean.ts')).clean,
  info: async () => (await import('./info.ts')).info,
  doctor: async () => (await import('./doctor.ts')).doctor,
  disk: async () => (await import('./disk.ts')).disk,
  completion: async () => (await import('./completion.ts')).completion,
  man: async () => (await import('./man.ts')).manFor(COMMANDS),
  version: async () => (await import('./version.ts')).version,
  complete: async () => (await import('./complete.ts')).completeFor(COMMANDS),
};

/** Runs what the command line says, and gives the exit code. Every failure is said. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await callCommand(args);
  } catch (error) {
    const cause = await ofStore(error);
    const diagnostic = await located(toDiagnostic(cause));
    report(diagnostic);
    return cause instanceof Failure ? exitOfCommand(diagnostic) : EXIT.infrastructure;
  }
}

async function callCommand([name, ...args]: readonly string[]): Promise<number> {
  if (name === 'help' && args[0] !== undefined) return runCommand(COMMANDS, args[0], [...args.slice(1), '--help']);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help')
    return print(await overview(COMMANDS));
  if (name === '--version') return print(version());
  return runCommand(COMMANDS, name, args);
}

/** Finds a command by name, or a subcommand of one. */
async function runCommand(commands: Commands, name: string, args: readonly string[], parent = ''): Promise<number> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) return unknownCommand(commands, name, parent);
  const command = await load();
  const [first, ...rest] = args;
  if (command.subcommands && first !== undefined && !first.startsWith('-'))
    return runCommand(command.subcommands, first, rest, `${name} `);
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (own.includes('--help') || own.includes('-h')) return print(await commandHelp(command));
  return command.run(parseCall(command, args));
}

const OF_FILES: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS']);

/** A store that was deleted meanwhile, or that this user may not use, is the reason of whatever the system says of a file in it. */
async function ofStore(error: unknown): Promise<unknown> {
  if (!OF_FILES.has(systemError(error)?.code ?? '')) return error;
  const { storeRoot } = await import('../../cache/store.ts');
  const { isOfStore, orStoreFault } = await import('../../cache/store-fault.ts');
  return isOfStore(storeRoot(), error) ? orStoreFault(storeRoot(), error) : error;
}

/** Only an error about an attribute pays for reading the build file's text. */
async function located(diagnostic: Diagnostic): Promise<Diagnostic> {
  if (!diagnostic.attribute) return diagnostic;
  const { atAttribute } = await import('../load/source.ts');
  return atAttribute(diagnostic);
}

function unknownCommand(commands: Commands, name: string, parent: string): never {
  const close = nearest(name, Object.keys(commands));
  throw new Failure({
    code: 'UNKNOWN_COMMAND',
    message: `there is no command '${parent}${name}'`,
    hint: close ? `did you mean dsmb ${parent}${close}?` : `dsmb ${parent}--help`,
  });
}

function print(text: string): number {
  printLine(text);
  return EXIT.ok;
}

/** A reader that closes the pipe early is not an error of ours; a result that could not be written was not given. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  report({ ...toDiagnostic(error), message: `standard output cannot be written: ${error.message}` });
  process.once('exit', (code) => (process.exitCode = code === EXIT.ok ? EXIT.infrastructure : code));
});

function report(diagnostic: Diagnostic): void {
  printLine(formatDiagnostic(diagnostic, palette(process.stderr)), process.stderr);
}
