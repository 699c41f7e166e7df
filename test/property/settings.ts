/** How a property is tried: `DSMB_PROPERTY_SEED` repeats what a failure printed, `DSMB_PROPERTY_RUNS` tries longer. */
import type { Parameters } from 'fast-check';

/** Ends a search for the smallest example that fails. */
const LIMIT_MS = 600_000;

/** A seed, and after a colon the path to one example: `-1402938:0:12:3`. */
export function settings(numRuns: number, env = process.env): Parameters<unknown> {
  const [, seed, path] = /^(-?\d+)(?::(.+))?$/.exec(env['DSMB_PROPERTY_SEED'] ?? '') ?? [];
  return {
    numRuns: Number(env['DSMB_PROPERTY_RUNS'] ?? numRuns),
    interruptAfterTimeLimit: LIMIT_MS,
    markInterruptAsFailure: true,
    seed: seed === undefined ? Date.now() ^ (Math.random() * 2 ** 32) : Number(seed),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  };
}
