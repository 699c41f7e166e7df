/** A build that goes on: what it is about, and what it leaves. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { areUnknown } from '../../cache/stamps.ts';
import { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { Progress } from '../execute/progress.ts';
import type { Label } from '../model/label.ts';
import { isBecause } from './because.ts';
import { resultLine, settledOf, type Entry } from './entry.ts';
import { Ledger } from './ledger.ts';
import { action, entryOf, Folder, REQUEST, settled, touch } from './made.test-helper.ts';
import { resume } from './resumed.ts';

let folder: Folder;
let sources: string[];
let kept: Entry;

const one = action('one');
const two = action('two', [one]);
const apart = action('apart');

beforeEach(() => {
  folder = new Folder();
  sources = ['one', 'two', 'apart'].map((name) => folder.write(name, ''));
  kept = entryOf(
    [one, two, apart],
    sources.map((path, place) => [path, [place]]),
    [folder.write('rules.ts', '')],
  );
  open().keep(kept);
});
afterEach(() => folder[Symbol.dispose]());

const open = (): Ledger => new Ledger(new Store(folder.path), REQUEST);

function resumed() {
  const going = resume(open());
  if (!going || isBecause(going)) throw new Error(going?.because);
  return going;
}

const labels = (of: Iterable<ActionNode>): string[] => [...of].map(({ label }) => label).sort();
const before = (place: number) => settledOf([...kept.results][place]!);

describe('a build that goes on', () => {
  it('has settled what is up to date, and knows all the rest', () => {
    touch(sources[0]!);
    const { scope, open: count } = resumed();
    expect([count, labels(scope.settled.keys())]).toEqual([2, ['//apart']]);
    expect([...scope.settled.values()].map(({ outputs }) => outputs)).toEqual([before(2).outputs]);
    expect([scope.actions, scope.settings(), scope.root]).toEqual([3, kept.settings, kept.root]);
    expect(scope.targets.map(({ label, artifact }) => [label, artifact.kind.name])).toEqual([['//all', 'File']]);
    expect(labels(scope.actionsOf('//all' as Label))).toEqual(['//apart', '//one', '//two']);
    expect(scope.times).toMatchObject([['resume', expect.any(Number), expect.any(Number)]]);
  });

  it('tells of an action what its call was, where no run has explained it', () => {
    const { scope } = resumed();
    const [first] = scope.actionsOf('//all' as Label);
    expect(scope.declarationOf(first!)).toEqual({ rule: 'make', attributes: {} });
  });

  it('does not where there is no entry, or where its ground has changed', () => {
    expect(resume(new Ledger(new Store(folder.path), { ...REQUEST, settings: ['mac=1'] }))).toBeUndefined();
    touch(kept.ground.seen[0]!);
    expect(resume(open())).toEqual({ because: expect.stringMatching(/rules\.ts has changed$/) });
  });
});

describe('what it leaves', () => {
  const made = { ...settled(9), key: settled(5).key };

  it('is the same entry where nothing has changed', () => {
    const ledger = open();
    const going = resume(ledger);
    if (!going || isBecause(going)) throw new Error(going?.because);
    const entry = going.leave((of) => going.scope.settled.get(of)) as Entry;
    expect(entry.id).toBe(kept.id);
    expect([...entry.results]).toEqual([...kept.results]);
  });

  it('has what was made and seen in the place of what was there', () => {
    touch(sources[1]!);
    const { scope, leave } = resumed();
    const entry = leave((of) => scope.settled.get(of) ?? made) as Entry;
    const keys = [...entry.results].map((line) => settledOf(line).key);
    expect(keys).toEqual([before(0).key, made.key, before(2).key]);
    // It was changed a moment ago, and may change again unseen.
    expect(entry.looked.map(({ stamps }) => areUnknown(stamps))).toEqual([false, true, false]);
    expect([entry.id, entry.words, entry.ground]).toEqual([kept.id, expect.anything(), kept.ground]);
  });

  it('has also what was made again since the store had lost it', () => {
    const { scope, leave } = resumed();
    const entry = leave((of) => (of.label === '//apart' ? made : scope.settled.get(of))) as Entry;
    expect([...entry.results].map((line) => settledOf(line).key)).toEqual([before(0).key, before(1).key, made.key]);
  });

  it('has what was there of an action that the store has lost and nothing needed', () => {
    const base = action('base');
    const [left, right] = [action('left', [base]), action('right', [base])];
    const diamond = entryOf([base, left, right, action('all', [left, right])], [[sources[0]!, [3]]]);
    open().keep(diamond);
    touch(sources[0]!);
    const { scope, leave } = resumed();
    const actions = scope.actionsOf('//all' as Label);
    const lost = [settled(0), settled(2)].map(({ outputs }) => JSON.stringify(outputs.get('out')));
    const progress = new Progress((node) => !lost.includes(JSON.stringify(node)), scope.settled);
    progress.forgetLost();
    // The right one and the last were found in a cache: nobody had to read the base.
    for (const one of actions.slice(2)) {
      progress.planned(one, made.key);
      progress.done(one, made.outputs);
    }
    const entry = leave((of) => progress.settled(of)) as Entry;
    const was = [...diamond.results];
    expect([...entry.results]).toEqual([was[0], was[1], resultLine(made), resultLine(made)]);
  });
});
