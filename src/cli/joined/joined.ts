/**
 * The build command with nearly all that it imports, joined into few modules: to load some 150 one by one takes longer
 * than many a build. In a checkout they are made anew once a source has changed; an installed package brings them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { areSameStamps, stampsOf } from '../../../cache/stamps.ts';
import { COMPILED, JOINED_FOLDER, OWN_PACKAGE } from '../../model/own-files.ts';
import type { Command } from '../command.ts';
import { recallJoined, type Joined } from './record.ts';

/** The build command was taken from joined modules. */
let isJoined = false;

/** The build command: joined where that is up to date, else from its sources. */
export async function buildCommand(): Promise<Command> {
  const joined = upToDate();
  isJoined = joined !== undefined;
  const module = joined === undefined ? import('../build.ts') : import(pathToFileURL(joined).href);
  return ((await module) as typeof import('../build.ts')).build;
}

/** Joins the modules for the next build, unless this one had them. Whatever is in the way, builds go without. */
export async function joinForNextTime(): Promise<void> {
  if (isJoined || COMPILED) return;
  const { joinBuild } = await import('./join.ts');
  await joinBuild().catch(() => undefined);
}

/** The path of the joined module. Nothing changes in a package. */
function upToDate(): string | undefined {
  const joined = recallJoined();
  if (!joined || !(COMPILED || isAsItWas(joined))) return undefined;
  const path = join(JOINED_FOLDER, joined.module);
  return existsSync(path) ? path : undefined;
}

function isAsItWas({ sources, stamps }: Joined): boolean {
  return areSameStamps(stampsOf(sources.map((path) => join(OWN_PACKAGE, path))), stamps);
}
