/** Why an action ran in a build, or did not: worked out from the history and from what keys were made of; and in words. */
import type { Store } from '../../cache/store.ts';
import { actionId, type KnownElsewhere, type MadeElsewhere } from '../model/event.ts';
import { changesOf } from '../plan/changes.ts';
import { causeLines, locate } from './causes.ts';
import { explain, type Cause } from './explain.ts';
import { formatDuration, type Palette } from './format.ts';
import type { BuildHistory } from './history/history.ts';
import type { BuildRecord, RecordedAction } from './history/record.ts';
import { readParts, type KeptParts } from './kept-parts.ts';

/** What became of an action, and why. */
export interface Explained {
  readonly label: string;
  readonly mnemonic: string;
  readonly ordinal: number;
  readonly outcome: string;
  readonly durationMs: number;
  readonly key: string | null;
  /** `never`: it was never built here. `unknown`: what the key was made of is gone. `equal`: nothing changed. `forced`: asked for. */
  readonly change: 'never' | 'unknown' | 'equal' | 'changed' | 'forced';
  /** The build that it is compared with. */
  readonly comparedWith?: string;
  /** What it is compared with was made on another machine, and is nearer than what was built here. */
  readonly comparedWithElsewhere?: KnownElsewhere;
  /** Its result was made on another machine. */
  readonly taken?: MadeElsewhere;
  readonly causes: readonly Cause[];
}

/**
 * What made an action run in a build, or why it did not: what its key is made of, beside what it was made of before.
 * With `base`, all that has changed since that build.
 */
export function explainAction(
  { store, root }: { readonly store: Store; readonly root: string },
  history: BuildHistory,
  action: RecordedAction,
  { build }: Pick<BuildRecord, 'build'>,
  base?: BuildRecord,
): Explained {
  const { label, mnemonic, ordinal, outcome, durationMs, key, taken } = action;
  const explained = { label, mnemonic, ordinal, outcome, durationMs, key, ...(taken ? { taken } : {}), causes: [] };
  if (action.forced) return { ...explained, change: 'forced' };
  // The build after `base` is where the comparison ends: `base` itself counts.
  const before = history.previous(actionId(action), base ? `${base.build}~` : build);
  if (before?.action.key === key && before) return { ...explained, comparedWith: before.build.build, change: 'equal' };
  const partsOf = (of: string | null): KeptParts | undefined =>
    of === null ? undefined : readParts(store, root, hashOf(of));
  const is = partsOf(key);
  const was = before && partsOf(before.action.key);
  const nearer = is && nearest(action.known ?? [], partsOf, is, was);
  if (is && nearer)
    return {
      ...explained,
      change: 'changed',
      comparedWithElsewhere: nearer.known,
      causes: causesOf(store, nearer.parts, is),
    };
  if (!before) return { ...explained, change: 'never' };
  const compared = { ...explained, comparedWith: before.build.build };
  if (!was || !is) return { ...compared, change: 'unknown' };
  return { ...compared, change: 'changed', causes: causesOf(store, was, is) };
}

/** What a key was made of may be what another machine has said, which may be anything. */
function causesOf(store: Store, was: KeptParts, is: KeptParts): Cause[] {
  try {
    return locate(explain(store, was, is));
  } catch {
    return [];
  }
}

/** The result of another machine whose key differs in the fewest parts; undefined where what was built here is as near. */
function nearest(
  all: readonly KnownElsewhere[],
  partsOf: (key: string) => KeptParts | undefined,
  is: KeptParts,
  own: KeptParts | undefined,
): { readonly known: KnownElsewhere; readonly parts: KeptParts } | undefined {
  const distance = ({ parts }: KeptParts): number => changesOf(parts, is.parts).length;
  let least = own ? distance(own) : Infinity;
  let found: { readonly known: KnownElsewhere; readonly parts: KeptParts } | undefined;
  for (const known of all) {
    const parts = partsOf(known.key);
    if (!parts || distance(parts) >= least) continue;
    least = distance(parts);
    found = { known, parts };
  }
  return found;
}

function hashOf(key: string): string {
  return key.split('/')[0]!;
}

/** What `dsmb why` says of an action: a title, and a line for each cause. */
export function whyLines(one: Explained, paint: Palette): string[] {
  const { label, mnemonic, outcome, durationMs } = one;
  const title = `${paint.bold(label)} ${mnemonic}: ${verdict(outcome, durationMs)}, `;
  return [title + whyTitle(one), ...causeLines(one.causes, paint).map((line) => `  ${line}`)];
}

function whyTitle({ outcome, change, comparedWith, comparedWithElsewhere: other, taken, causes }: Explained): string {
  if (taken)
    return `its result is from ${taken.from}, ${madeBy(taken)}${causes.length > 0 ? ', for what changed:' : ''}`;
  if (other) return `the nearest result is in ${other.from}, ${madeBy(other)}; what differs is`;
  return reason(outcome, change, comparedWith);
}

/** On one line, whatever a server has said. */
function madeBy({ worker, endedAt }: MadeElsewhere): string {
  const who = worker.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `made by ${who || 'an unknown machine'} on ${new Date(endedAt).toLocaleString('sv-SE')}`;
}

function verdict(outcome: string, durationMs: number): string {
  switch (outcome) {
    case 'executed':
      return `ran (${formatDuration(durationMs)})`;
    case 'failed':
      return `failed (${formatDuration(durationMs)})`;
    case 'cached':
      return 'did not run';
    default:
      return outcome;
  }
}

function reason(outcome: string, change: Explained['change'], comparedWith = ''): string {
  switch (change) {
    case 'never':
      return outcome === 'cached'
        ? 'the store had its result, though it was never built here'
        : 'it was never built here';
    case 'unknown':
      return `its key changed since ${comparedWith}, but what went into it is no longer known`;
    case 'equal':
      return outcome === 'executed'
        ? 'though its key is the same: its result was gone from the store, or it had failed'
        : 'its key is the same as before';
    case 'forced':
      return 'as --runs-per-test asks, whatever the cache has';
    case 'changed':
      return outcome === 'cached' ? 'the store had the result for what changed:' : 'because of';
  }
}
