/** The law of the ledger: an action is up to date if and only if its words, its stamps and all that it reads are. */
import { areSameStamps, stampsOf } from '../../cache/stamps.ts';
import { Looks } from '../../cache/ways.ts';
import type { Because } from './because.ts';
import type { Entry } from './entry.ts';
import { changeOf } from './ground.ts';
import { ReadGraph, type Words } from './words.ts';

/** How what an entry has stands now. */
export interface Standing {
  /** The readings that have changed, by place. */
  readonly changed: ReadonlySet<number>;
  /** The actions that are not up to date, by place. */
  readonly open: ReadonlySet<number>;
  /** As the entry has it. */
  readonly graph: ReadGraph;
}

/** What a process has evaluated anew. */
interface Evaluated {
  readonly words: Words;
  /** What it has read for that: how it has changed shows in the words. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Which actions of an entry are up to date. A build that has evaluated nothing has the words of the entry; where any of
 * its ground has changed, it knows of none. Nor does one whose build files declare other actions than they did.
 */
export function standing(entry: Entry, looks: Looks, evaluated?: Evaluated): Standing | Because {
  const words = evaluated?.words ?? entry.words;
  const because = changeOf(entry.ground, evaluated?.paths) ?? otherActions(entry.words, words);
  if (because !== undefined) return { because };
  const changed = changedReadings(entry, looks);
  const readers = [...changed].flatMap((place) => entry.readings[place]![1]);
  const graph = new ReadGraph(entry.words);
  return { changed, open: graph.reachedFrom([...otherWords(entry.words, words), ...readers]), graph };
}

/** Whether all is still as the build that leaves an entry has seen it: a folder that takes another's place has old times. */
export function isStill(entry: Entry): boolean {
  return changeOf(entry.ground) === undefined && changedReadings(entry, new Looks()).size === 0;
}

function changedReadings({ looked }: Entry, looks: Looks): Set<number> {
  const isOther = ({ paths, stamps }: Entry['looked'][number]): boolean =>
    !areSameStamps(stampsOf(paths, looks.stamp), stamps);
  return new Set(looked.keys().filter((place) => isOther(looked[place]!)));
}

/** In words, which action has come or gone. */
function otherActions(before: Words, now: Words): string | undefined {
  if (before === now) return undefined;
  const [was, is] = [[...before.names], [...now.names]];
  const at = is.findIndex((name, place) => name !== was[place]);
  if (at < 0 && is.length === was.length) return undefined;
  const shown = (name = ''): string => (JSON.parse(name) as [string, string]).slice(0, 2).join(' ');
  const [old, fresh] = [new Set(was), new Set(is)];
  const come = is.find((name) => !old.has(name));
  if (come !== undefined) return `the action ${shown(come)} is new`;
  const gone = was.find((name) => !fresh.has(name));
  return gone === undefined ? 'the actions come in another order' : `the action ${shown(gone)} is gone`;
}

function otherWords(before: Words, now: Words): number[] {
  if (before === now) return [];
  return [...now.bodies].flatMap((body, place) => (body === before.bodies.at(place) ? [] : [place]));
}
