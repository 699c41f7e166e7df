/**
 * How a property is tried: `DSMB_PROPERTY_SEED` repeats what a failure printed, `DSMB_PROPERTY_TIMES` tries so many times
 * as much.
 */
import type { Parameters } from 'fast-check';
import { expect } from 'vitest';
import type { Tally } from './life.ts';

/** Ends also the search for the smallest example that fails. */
const LIMIT_MS = 600_000;
const TIMES = Number(process.env['DSMB_PROPERTY_TIMES'] ?? 1);
/** For the test as a whole. */
export const TIMEOUT_MS = LIMIT_MS * Math.max(TIMES, 1) * 1.2;

type Settings = Parameters<unknown> & { readonly numRuns: number; readonly seed: number };

/** `numRuns` lives. A seed may have, after a colon, the path to one of them: `-1402938:0:12:3`. */
export function settings(numRuns: number): Settings {
  const [, seed, path] = /^(-?\d+)(?::(.+))?$/.exec(process.env['DSMB_PROPERTY_SEED'] ?? '') ?? [];
  return {
    numRuns: Math.ceil(numRuns * TIMES),
    interruptAfterTimeLimit: LIMIT_MS * Math.max(TIMES, 1),
    markInterruptAsFailure: true,
    seed: seed === undefined ? Date.now() ^ (Math.random() * 2 ** 32) : Number(seed),
    // Who repeats it wants the smallest example; who waits for the result of CI wants to know.
    endOnFailure: seed === undefined && process.env['CI'] !== undefined,
    ...(path === undefined ? {} : { path }),
  };
}

/** Says how much was tried, and that each life had some steps on the average: one of few is no proof. */
export function report(tally: Tally, { numRuns, seed, path }: Settings, least: number): void {
  console.log(`seed ${seed}: ${String(tally)}`);
  if (path === undefined) expect(tally.steps).toBeGreaterThan(numRuns * least);
}
