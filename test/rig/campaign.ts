/**
 * How much a property tries. `.ci/run --all` goes through the whole campaign; before each change, a part of it is tried.
 * A failure prints the seed that repeats it.
 */
const PART = process.env['DSMB_TESTS'] === 'all' ? 1 : 0.1;

/** Of so many examples of the whole campaign, those that this run tries: one at least. */
export function examples(campaign: number): number {
  return Math.ceil(campaign * PART);
}
