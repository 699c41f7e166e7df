/** The command line: finds the command, and is the edge where a failure becomes a message and an exit code. */
import { Failure, toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { nearest } from '../load/nearest.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import { EXIT, parseCall, type Command } from './command.ts';
import { commandHelp, overview, version } from './help.ts';

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import('./build.ts')).build,
  list: async () => (await import('./list.ts')).list,
  graph: async () => (await import('./graph.ts')).graph,
  lock: async () => (await import('./lock.ts')).lock,
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return print(await overview(COMMANDS));
  if (name === '--version') return print(version());
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) return unknownCommand(name);
  const command = await load();
  if (args.includes('--help') || args.includes('-h')) return print(commandHelp(command));
  return command.run(parseCall(command, args));
}

/** Only an error about an attribute pays for reading the build file's text. */
async function located(diagnostic: Diagnostic): Promise<Diagnostic> {
  if (!diagnostic.attribute) return diagnostic;
  const { atAttribute } = await import('../load/source.ts');
  return atAttribute(diagnostic);
}

function unknownCommand(name: string): never {
  const close = nearest(name, Object.keys(COMMANDS));
  throw new Failure({
    code: 'UNKNOWN_COMMAND',
    message: `there is no command '${name}'`,
    hint: close ? `did you mean dsmb ${close}?` : 'dsmb --help',
  });
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}

/** A reader that closes the pipe early is no error of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const diagnostic = await located(toDiagnostic(error));
  process.stderr.write(`${formatDiagnostic(diagnostic, palette(process.stderr))}\n`);
  process.exitCode = error instanceof Failure ? EXIT.usage : EXIT.infrastructure;
}
