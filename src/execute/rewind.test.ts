/** What the store loses during a build is made again, however much that is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { ArtifactReference, type ActionNode } from '../analysis/action.ts';
import type { BuildEvent } from '../model/event.ts';
import { File } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import { textNode } from '../plan/content.ts';
import { planAction } from '../plan/key.ts';
import { Build } from './build.ts';
import { Machine } from './machine.ts';
import { PackageTrees } from './toolchains/package-trees.ts';
import { Toolroots } from './toolchains/toolroots.ts';

/** More than calls of functions can be nested. */
const LENGTH = 5000;

/** An action without a sandbox; the one below it makes its input. */
function actionOver(below: ActionNode | undefined, name: string): ActionNode {
  return {
    label: `//${name}` as Label,
    mnemonic: 'Fail',
    ordinal: 0,
    call: { rule: 'fail', attributes: [], sources: [], lists: [] },
    work: { type: 'run', argv: ['/bin/false', name], env: {} },
    inputs: new Map(below ? [['below', outputOf(below)]] : []),
    toolchains: [],
    outputs: { out: { name: 'out', kind: File } },
    needs: {},
    reproducible: true,
    timeoutMs: 10_000,
  } as unknown as ActionNode;
}

function outputOf(action: ActionNode): ArtifactReference {
  return new ArtifactReference(File, { type: 'action', action, output: 'out' });
}

/** A chain whose actions have results in the store, but for the last. */
function chainIn(store: Store, machine: string): { readonly last: ActionNode; readonly outputs: readonly Node[] } {
  let below: ActionNode | undefined;
  const outputs: Node[] = [];
  for (let i = 0; i < LENGTH; i++) {
    const action = actionOver(below, `a${i}`);
    const read = outputs.at(-1);
    const inputs = new Map(read ? [['below', read]] : []);
    const made = textNode(store, `made by ${i}`);
    const result = { outputs: new Map([['out/out', made]]), log: undefined, startedAt: 0, durationMs: 0, worker: '' };
    const { key } = planAction(store, action, { inputs, toolchains: [], machine });
    store.actions.publish(store.actions.stage(key, result, new Map()));
    outputs.push(made);
    below = action;
  }
  return { last: actionOver(below, 'last'), outputs };
}

// Ten thousand files are synced, which takes long beside others.
test('a chain that is lost as a whole is made again from below', { timeout: 240_000 }, async () => {
  const store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-rewind-')));
  const { signal } = new AbortController();
  const packages = new PackageTrees(
    store,
    { lockFile: join(store.root, 'lock'), frozen: true, warn() {}, signal },
    () => {},
  );
  const toolroots = new Toolroots(store, packages);
  using machine = new Machine(store, toolroots, { unsandboxed: true });
  const { last, outputs } = chainIn(store, machine.unsandboxed!);
  const finished: (BuildEvent & { type: 'action-finished' })[] = [];
  const onEvent = (event: BuildEvent): void => {
    if (event.type === 'action-queued' && event.label === last.label)
      for (const node of outputs) if (node.type === 'file') rmSync(store.cas.path(node.digest));
    if (event.type === 'action-finished') finished.push(event);
  };
  const build = new Build(store, toolroots, machine, { keepGoing: false, signal, onEvent });
  const target = { label: last.label, artifact: outputOf(last) };
  const { success, failures } = await build.run([target]);
  // The lowest fails when it runs again, so that no other one has to.
  expect([success, failures.map(({ message }) => message)]).toEqual([
    false,
    [expect.stringMatching('^//a0 .Fail.: the command exited with 1')],
  ]);
  const outcomes = Map.groupBy(finished, ({ outcome }) => outcome);
  expect([...outcomes].map(([outcome, all]) => [outcome, all.length])).toEqual([
    ['cached', LENGTH],
    ['failed', 1],
    ['skipped', LENGTH],
  ]);
  rmSync(store.root, { recursive: true });
});
