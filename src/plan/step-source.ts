/** Where in the modules of a step something was thrown: the stack names places in its bundle, on its one long line. */
import { createHash } from 'node:crypto';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import type { Location } from '../model/diagnostic.ts';
import type { Digest } from '../model/digest.ts';
import { isEngine } from '../model/thrown-at.ts';
import { bundle, ENTRY } from './bundler.ts';

/** A step that was started ahead is imported as `step.mjs?now`. */
const FRAME = /\/step\.mjs(?:\?now)?:(\d+):(\d+)\)?$/gm;
const MAX_FRAMES = 100;

/**
 * The innermost place of a stack that is in the step's own modules. The bundle is made once more, with a map this time:
 * only a step that has failed pays for one. Undefined where its modules have changed since, or are not to blame.
 */
export async function placeInStep(stack: string, module: string, bundled: Digest): Promise<Location | undefined> {
  const frames = [...stack.matchAll(FRAME)].slice(0, MAX_FRAMES);
  if (frames.length === 0) return undefined;
  const { code, map } = await bundle(module, { withMap: true });
  if (createHash('sha256').update(code).digest('hex') !== bundled.hash) return undefined;
  const sources = new SourceMap(JSON.parse(map) as SourceMapPayload);
  for (const [, line, column] of frames) {
    const place = sources.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in place)) continue;
    const file = resolve(dirname(module), place.originalSource);
    if (isEngine(file) || file.includes('/node_modules/') || basename(file) === ENTRY) continue;
    return { file, line: place.originalLine + 1, column: place.originalColumn + 1 };
  }
  return undefined;
}
