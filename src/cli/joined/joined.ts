/**
 * The build command with nearly all that it imports, joined into few modules: to load some 150 one by one takes longer
 * than many a build. In a checkout they are made anew once a source has changed; an installed package brings them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { areSameStamps, stampsOf } from '../../../cache/stamps.ts';
import { COMPILED, JOINED_FOLDER, OWN_PACKAGE, takeJoined } from '../../model/own-files.ts';
import { recallJoined, type Joined } from './record.ts';

/** The path of the joined command line, where it is up to date; the helper that starts actions is then a joined one too. */
export function upToDate(): string | undefined {
  const joined = recallJoined();
  if (!joined || !(COMPILED || isAsItWas(joined))) return undefined;
  const commandLine = join(JOINED_FOLDER, joined.commandLine);
  const helper = join(JOINED_FOLDER, joined.helper);
  if (!existsSync(commandLine) || !existsSync(helper)) return undefined;
  takeJoined(join(OWN_PACKAGE, joined.helperSource), helper);
  return commandLine;
}

/** Joins the modules for the next build. Whatever is in the way, builds go without; `DSMB_DEBUG=1` says what it is. */
export async function joinForNextTime(): Promise<void> {
  if (COMPILED) return;
  const { joinBuild } = await import('./join.ts');
  try {
    await joinBuild();
  } catch (error) {
    if (!process.env['DSMB_DEBUG']) return;
    const { printLine } = await import('../../report/print.ts');
    printLine(`note the modules of dsmb were not joined: ${String(error)}`, process.stderr);
  }
}

/** Nothing changes in a package. */
function isAsItWas({ sources, stamps }: Joined): boolean {
  return areSameStamps(stampsOf(sources.map((path) => join(OWN_PACKAGE, path))), stamps);
}
