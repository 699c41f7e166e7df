/** How the page says what it shows: the words and the figures of the command line. */
import { formatDuration, plural } from '../../report/format.ts';
import type { PageAction, PageHead, PageRun, State } from '../protocol.ts';

/** What a state means, for those who do not know the word. */
export const MEANINGS: Readonly<Record<State, string>> = {
  failed: 'ran, and failed',
  running: 'runs now',
  elsewhere: 'another build is making it',
  queued: 'waits for processors and memory',
  waiting: 'waits for its inputs',
  skipped: 'did not run, since something that it needs has failed',
  executed: 'ran',
  cached: 'was found in the store',
};

/** What an action is doing, or how it ended, in a few words. */
export function runText({ state, start, end, tookMs, stage, percent }: PageRun, elapsedMs: number): string {
  const took = start === undefined ? tookMs : (end ?? elapsedMs) - start;
  const parts = [state, ...(took === undefined ? [] : [formatDuration(Math.max(0, took))])];
  if (state === 'running' && stage !== undefined) parts.push(stage + (percent === undefined ? '' : ` ${percent} %`));
  return parts.join(' · ');
}

/** The same where there is little room: what ran and ended well says how long that took. */
export function shortText(run: PageRun, elapsedMs: number): string {
  const { state, start, end } = run;
  if (state === 'executed' && start !== undefined && end !== undefined) return formatDuration(end - start);
  return state === 'running' ? runText({ ...run, state }, elapsedMs).replace(/^running · /, '') : state;
}

/** When it began, what it waited for, and how long it took before. */
export function timesText({ start, waitedMs }: PageRun, { pastMs }: PageAction): string[] {
  return [
    ...(start === undefined ? [] : [`began ${formatDuration(start)} into the build`]),
    ...(waitedMs === undefined || waitedMs < 1 ? [] : [`waited ${formatDuration(waitedMs)} for the machine`]),
    ...(pastMs === undefined ? [] : [`${formatDuration(pastMs)} last time`]),
  ];
}

/** `live`: whether it is followed. */
export function buildText({ success, elapsedMs }: PageHead, live: boolean): string {
  if (success === undefined && live) return `building · ${formatDuration(elapsedMs ?? 0)}`;
  if (success === undefined) return 'did not end';
  const took = elapsedMs === undefined ? '' : ` in ${formatDuration(elapsedMs)}`;
  return `${success ? 'succeeded' : 'failed'}${took}`;
}

/** What failed of itself, and what only followed from it. */
export function causesText(failed: number, skipped: number): string {
  return `${plural(failed, 'cause')}, ${plural(skipped, 'consequence')}`;
}
