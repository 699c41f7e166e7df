/**
 * Where the program begins. A build starts from joined modules where they are as new as the sources; all else, which takes
 * longer anyway, starts from the sources.
 */
import { pathToFileURL } from 'node:url';
import { joinForNextTime, upToDate } from './joined/joined.ts';

const args = process.argv.slice(2);
const isBuild = args[0] === 'build';
const joined = isBuild ? upToDate() : undefined;
const commandLine = joined === undefined ? import('./command-line.ts') : import(pathToFileURL(joined).href);
const { runCommandLine } = (await commandLine) as typeof import('./command-line.ts');
process.exitCode = await runCommandLine(args);
if (isBuild && process.exitCode === 0 && joined === undefined) await joinForNextTime();
