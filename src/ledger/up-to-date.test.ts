/** An action is up to date if and only if its words, its stamps and all that it reads are. */
import fc from 'fast-check';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import { Looks } from '../../cache/ways.ts';
import { action, entryOf, Folder, outputOf, touch } from './made.test-helper.ts';
import { isStill, standing, type Standing } from './up-to-date.ts';
import { GraphWords } from './words.ts';

let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

/** Which actions each reads, of those before it. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
const places = fc.array(fc.nat(), { maxLength: 3 });

function actionsOf(reads: readonly (readonly number[])[], words: ReadonlySet<number> = new Set()): ActionNode[] {
  const made: ActionNode[] = [];
  for (const [place, of] of reads.entries()) {
    const below = place === 0 ? [] : of.map((one) => made[one % place]!);
    made.push(action(`a${place}`, [...new Set(below)], words.has(place) ? 'other words' : 'words'));
  }
  return made;
}

const graphOf = (actions: readonly ActionNode[]) => actionGraph(actions.map(outputOf));

describe('an action is up to date', () => {
  it('if and only if its words, its stamps and all that it reads are', () => {
    fc.assert(
      fc.property(graphs, places, places, (reads, changedWords, changedFiles) => {
        const graph = graphOf(actionsOf(reads));
        const numberOf = ({ label }: ActionNode): number => Number(label.slice(3));
        const files = reads.map((_, number) => folder.write(`file${number}`, ''));
        // Each reads a file of its own, which every other one reads as well.
        const readersOf = (number: number): number[] =>
          [...graph.actions.keys()].filter((place) => [number, number + 2].includes(numberOf(graph.actions[place]!)));
        const entry = entryOf(
          actionsOf(reads),
          files.map((file, number) => [file, readersOf(number)]),
        );
        const words = new Set(changedWords.map((one) => one % reads.length));
        const touched = new Set(changedFiles.map((one) => one % reads.length));
        for (const number of touched) touch(files[number]!);

        const stale = new Set<ActionNode>();
        for (const one of graph.actions) {
          const number = numberOf(one);
          const isStale =
            words.has(number) ||
            [number, number - 2].some((file) => touched.has(file)) ||
            graph.dependencies.get(one)!.some((below) => stale.has(below));
          if (isStale) stale.add(one);
        }
        const now = graphOf(actionsOf(reads, words));
        const found = standing(entry, new Looks(), { words: new GraphWords(now), paths: new Set() }) as Standing;
        expect(new Set([...found.open].map((place) => graph.actions[place]))).toEqual(stale);
        expect(found.changed).toEqual(touched);
      }),
      { numRuns: 60 },
    );
  });

  it('the same where nothing was evaluated, and so no words can have changed', () => {
    fc.assert(
      fc.property(graphs, places, (reads, changedFiles) => {
        const graph = graphOf(actionsOf(reads));
        const files = reads.map((_, place) => folder.write(`file${place}`, ''));
        const entry = entryOf(
          actionsOf(reads),
          files.map((file, place) => [file, [place]]),
        );
        for (const one of changedFiles) touch(files[one % files.length]!);
        const evaluated = { words: new GraphWords(graph), paths: new Set<string>() };
        expect(standing(entry, new Looks())).toEqual(standing(entry, new Looks(), evaluated));
      }),
      { numRuns: 30 },
    );
  });
});

describe('nothing is known', () => {
  const below = action('below');
  const above = action('above', [below]);

  it('where the ground has changed, unless it was evaluated anew', () => {
    const [module, engine] = [folder.write('rules.ts', ''), folder.write('engine.ts', '')];
    const entry = entryOf([below, above], [], [module, engine]);
    const evaluated = { words: entry.words, paths: new Set([module]) };
    touch(module);
    expect(standing(entry, new Looks())).toEqual({ because: `${module} has changed` });
    expect(standing(entry, new Looks(), evaluated)).toMatchObject({ open: new Set() });
    touch(engine);
    expect(standing(entry, new Looks(), evaluated)).toEqual({ because: `${engine} has changed` });
  });

  it.each<readonly [string, readonly ActionNode[], string]>([
    ['has come', [below, above, action('new')], 'the action //new Make is new'],
    ['is gone', [below], 'the action //above Make is gone'],
    ['has another name', [action('other'), above], 'the action //other Make is new'],
    ['comes at another place', [above, action('last'), below], 'the action //last Make is new'],
  ])('where an action %s', (_what, actions, because) => {
    const words = new GraphWords(graphOf(actions));
    expect(standing(entryOf([below, above]), new Looks(), { words, paths: new Set() })).toEqual({ because });
  });

  it('where the actions come in another order', () => {
    const [one, two] = [action('one'), action('two')];
    const words = new GraphWords(graphOf([two, one]));
    const found = standing(entryOf([one, two]), new Looks(), { words, paths: new Set() });
    expect(found).toEqual({ because: 'the actions come in another order' });
  });
});

describe('what a build leaves is still as it was', () => {
  it('until anything of it has changed', () => {
    const [module, source] = [folder.write('rules.ts', ''), folder.write('source', '')];
    const entry = entryOf([action('a')], [[source, [0]]], [module]);
    expect(isStill(entry)).toBe(true);
    rmSync(source);
    expect(isStill(entry)).toBe(false);
  });
});
