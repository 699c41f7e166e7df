/**
 * Where the program begins. A build starts from joined modules where they are as new as the sources; all else, which takes
 * longer anyway, starts from the sources.
 */
import { pathToFileURL } from 'node:url';

const args = process.argv.slice(2);
// Other commands need none of that.
const joining = args[0] === 'build' ? await import('./joined/joined.ts') : undefined;
const joined = joining?.upToDate();
const commandLine = joined === undefined ? import('./command-line.ts') : import(pathToFileURL(joined).href);
const { runCommandLine } = (await commandLine) as typeof import('./command-line.ts');
process.exitCode = await runCommandLine(args);
if (process.exitCode === 0 && joined === undefined) await joining?.joinForNextTime();
