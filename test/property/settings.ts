/** How a property is tried: `DSMB_PROPERTY_SEED` repeats what a failure printed, `DSMB_PROPERTY_TIMES` tries so many times as much. */
import type { Parameters } from 'fast-check';
import { expect } from 'vitest';
import type { Trials } from './arbitrary.ts';
import type { Tally } from './life.ts';

/** Ends a search for the smallest example that fails. */
const LIMIT_MS = 600_000;

type Settings = Parameters<unknown> & { readonly numRuns: number; readonly seed: number };

/** A seed, and after a colon the path to one example: `-1402938:0:12:3`. */
export function settings(numRuns: number, env = process.env): Settings {
  const [, seed, path] = /^(-?\d+)(?::(.+))?$/.exec(env['DSMB_PROPERTY_SEED'] ?? '') ?? [];
  return {
    numRuns: numRuns * Number(env['DSMB_PROPERTY_TIMES'] ?? 1),
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    seed: seed === undefined ? Date.now() ^ (Math.random() * 2 ** 32) : Number(seed),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  };
}

/** Says how much was tried, and that it was not next to nothing. */
export function report(tally: Tally, { numRuns, seed, path }: Settings, { length }: Trials): void {
  console.log(`seed ${seed}: ${String(tally)}`);
  if (path === undefined) expect(tally.steps).toBeGreaterThan((numRuns * length) / 4);
}
