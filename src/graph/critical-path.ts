/** What the time of a build was spent on: of all that ran, the chain that nothing else could have shortened. */

/** A shorter wait is that of any action. */
const MIN_WAIT_MS = 20;

/** An action that ran. Times in milliseconds, of any one clock. */
export interface Ran {
  readonly start: number;
  readonly end: number;
  /** How long it waited for others that had what it needs of the machine. */
  readonly waitedMs: number;
}

/** From what ended last, back to what it waited for last, an input or a place to run, and so on; in the order of time. */
export function criticalPath<Run extends Ran>(ran: readonly Run[], inputsOf: (one: Run) => readonly Run[]): Run[] {
  const path: Run[] = [];
  for (let one = latest(ran); one;) {
    path.push(one);
    const { start, waitedMs } = one;
    one = waitedMs >= MIN_WAIT_MS ? latest(ran.filter(({ end }) => end <= start)) : latest(inputsOf(one));
  }
  return path.reverse();
}

function latest<Run extends Ran>(runs: readonly Run[]): Run | undefined {
  let found: Run | undefined;
  for (const one of runs) if (!found || one.end > found.end) found = one;
  return found;
}
