/** What a build leaves in the ledger at its end. Whatever is in the way, the build itself is done. */
import type { FirstStep } from '../execute/process/starts.ts';
import type { BuildRecorder } from '../report/history/recorder.ts';
import { becauseOf, isBecause, orBecause, type Because } from './because.ts';
import type { Entry } from './entry.ts';
import type { LauncherText } from './launcher-text.ts';
import type { Ledger } from './ledger.ts';
import type { Opened, SettledBy } from './opened.ts';

/** A build that has ended. */
interface Ended {
  readonly success: boolean;
  /** Whether any action has run. */
  readonly ran: boolean;
  /** The first that took a head start. */
  readonly firstStep: FirstStep | undefined;
  readonly settledBy: SettledBy;
  /** For what the launcher reads, where it may answer the same request. */
  readonly text: LauncherText | undefined;
  readonly recorder: BuildRecorder;
}

/** Leaves what can be left, and gives why the rest cannot. */
export function leave(ledger: Ledger, opened: Opened, ended: Ended): Because[] {
  const { success, ran, firstStep, settledBy } = ended;
  const unnoted = ran ? becauseOf(() => ledger.note({ first: firstStep })) : [];
  if (!success) return unnoted;
  const kept = orBecause(() => keep(ledger, opened, settledBy));
  return [...unnoted, ...(isBecause(kept) ? unkept(ledger, kept) : withoutText(kept, ended))];
}

function keep(ledger: Ledger, opened: Opened, settledBy: SettledBy): Entry | Because {
  if (clockWasSet()) return { because: 'the clock was set while it ran' };
  const entry = opened.leave(settledBy);
  if (!isBecause(entry)) ledger.keep(entry);
  return entry;
}

function unkept(ledger: Ledger, { because, ...kind }: Because): Because[] {
  const unnoted = becauseOf(() => ledger.note({ unkept: because }));
  return [{ ...kind, because: `nothing is kept of this build: ${because}` }, ...unnoted];
}

function withoutText(entry: Entry, { text, recorder }: Ended): Because[] {
  return becauseOf(() => text?.save(entry, recorder)).map(({ because, ...kind }) => ({
    ...kind,
    because: `the launcher will not answer it: ${because}`,
  }));
}

/** The wall clock and the one that nobody sets drift apart by less than this during a build. */
const CLOCK_TOLERANCE_MS = 20;

const AT_FIRST_MS = wallClockAhead();

function clockWasSet(): boolean {
  return Math.abs(wallClockAhead() - AT_FIRST_MS) > CLOCK_TOLERANCE_MS;
}

/** A busy machine may stop this process between both clocks: what counts is the closest of some looks at them. */
function wallClockAhead(): number {
  let [ahead, closest] = [0, Infinity];
  for (let looks = 0; looks < 100 && closest > CLOCK_TOLERANCE_MS / 4; looks++) {
    const before = performance.now();
    const wall = Date.now();
    const took = performance.now() - before;
    if (took < closest) [ahead, closest] = [wall - before, took];
  }
  return ahead;
}
