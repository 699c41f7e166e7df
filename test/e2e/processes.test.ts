/** How many processes a build starts: one for each action that runs, and none for anything else. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import { Analysis } from '../../src/analysis/analyse.ts';
import { Build } from '../../src/execute/build.ts';
import { Machine } from '../../src/execute/machine.ts';
import { Starts, type FirstStep } from '../../src/execute/process/starts.ts';
import { PackageTrees } from '../../src/execute/toolchains/package-trees.ts';
import { Toolroots } from '../../src/execute/toolchains/toolroots.ts';
import { findTarget, load } from '../../src/load/load.ts';
import { parameterValues } from '../../src/load/parameters.ts';
import { digest } from '../../src/model/digest.ts';
import { parseLabel } from '../../src/model/label.ts';
import { countingRulesInProcess, Project, TestStore } from '../rig/index.ts';

let testStore: TestStore;
let project: Project;

beforeAll(() => {
  testStore = new TestStore();
});
afterAll(() => testStore[Symbol.dispose]());
afterEach(() => project[Symbol.dispose]());

/** Results become durable in groups, each by a process of its own that belongs to no action. */
class SyncsApart extends Machine {
  #syncs = 0;

  get ofActions(): number {
    return this.spawner.started - this.#syncs;
  }

  override syncStore(): Promise<void> {
    this.#syncs++;
    return super.syncStore();
  }
}

/**
 * Builds targets in this process; gives what ran, and how many processes it took. `onEnd` is told of each action that has
 * run, and how many processes there were by then.
 */
async function build(
  targets: string,
  label: string,
  onEnd: (label: string, processes: number) => void = () => {},
  guess?: FirstStep,
): Promise<{ executed: number; processes: number; firstStep: FirstStep | undefined }> {
  project = new Project(testStore, {
    ...countingRulesInProcess(),
    'build.dsm.ts': `import { combine, shell } from './rules.ts';\n${targets}`,
  });
  const store = new Store(testStore.folder, testStore.env['DSMB_DOWNLOADS']);
  const loaded = await load(project.folder, ['']);
  const analysis = new Analysis(loaded.labels, await parameterValues(loaded, [], project.folder));
  const target = analysis.target(findTarget(loaded, parseLabel(label)), parseLabel(label));
  const context = { lockFile: project.path('toolchain.lock.json'), frozen: true, warn: () => {} };
  const toolroots = new Toolroots(store, new PackageTrees(store, context, () => {}));
  const starts = new Starts(store);
  using machine = new SyncsApart(store, toolroots, { starts });
  if (guess) starts.guess(guess);
  let executed = 0;
  const { success, failures } = await new Build(store, toolroots, machine, {
    keepGoing: false,
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type !== 'action-finished' || event.outcome !== 'executed') return;
      executed++;
      onEnd(event.label, machine.ofActions);
    },
  }).run([target]);
  expect([success, failures]).toEqual([true, []]);
  return { executed, processes: machine.ofActions, firstStep: machine.firstStep };
}

const unique = (): string => crypto.randomUUID();

describe('a build starts', () => {
  it('one process for each command', async () => {
    const commands = Array.from({ length: 10 }, (_, i) => `shell({ script: 'echo ${i} ${unique()} >/out/file' })`);
    const all = `export const all = shell({ script: 'cat /in/* >/out/file', of: [${commands.join(', ')}] });`;
    expect(await build(all, '//all')).toMatchObject({ executed: 11, processes: 11 });
  });

  it('one for each step of a chain, also when it has a head start', async () => {
    const chain = `
      export const a = combine({ name: 'a', text: '${unique()}' });
      export const b = combine({ name: 'b', of: [a] });
      export const c = combine({ name: 'c', of: [b, a] });
      export const d = combine({ name: 'd', of: [c] });`;
    expect(await build(chain, '//d')).toMatchObject({ executed: 4, processes: 4 });
  });

  it('those of the next three steps while what they wait for runs', async () => {
    let [others, began] = [0, 0];
    const chain = `
      export const a = shell({ script: 'sleep 5; echo ${unique()} >/out/file' });
      export const b = combine({ name: 'b', of: [a] });
      export const c = combine({ name: 'c', of: [b] });
      export const d = combine({ name: 'd', of: [c] });
      export const e = combine({ name: 'e', of: [d] });`;
    const result = await build(chain, '//e', (label, processes) => {
      if (label === '//a') [others, began] = [processes - 1, began + 1];
    });
    expect([others, began]).toEqual([3, 1]);
    expect(result).toMatchObject({ executed: 5, processes: 5 });
  });

  describe('early the process of the step that the last one began with', () => {
    const chain = (text = ''): string => `
      export const a = shell({ script: 'sleep 1; echo ${unique()} >/out/file' });
      export const b = combine({ name: 'b', of: [a], text: '${text}' });`;
    const none = () => {};
    let first: FirstStep;

    beforeAll(async () => {
      first = (await build(chain(), '//b')).firstStep!;
      project[Symbol.dispose]();
    });

    it('and it becomes that step', async () => {
      expect(await build(chain(unique()), '//b', none, first)).toMatchObject({ executed: 2, processes: 2 });
    });

    it('and ends it where another one comes first', async () => {
      const other = { ...first, memo: testStore.folder };
      expect(await build(chain(), '//b', none, other)).toMatchObject({ executed: 2, processes: 3 });
      expect(await testStore.processesLeft()).toEqual([]);
    });

    it('and ends it where nothing runs', async () => {
      const same = chain();
      await build(same, '//b');
      project[Symbol.dispose]();
      expect(await build(same, '//b', none, first)).toMatchObject({ executed: 0, processes: 1 });
      expect(await testStore.processesLeft()).toEqual([]);
      expect(testStore.names('sandboxes')).toEqual([]);
    });

    it('but not where a folder that it mounts is gone', async () => {
      const other = { ...first, base: { type: 'directory', digest: digest('ab'.repeat(32), 1) } } as const;
      expect(await build(chain(), '//b', none, other)).toMatchObject({ executed: 2, processes: 2 });
    });
  });

  it('one more where an output turns out to be an old one: the head start was for nothing', async () => {
    const chain = (text: string): string => `
      export const a = combine({ name: 'a', text: 'same\\n${text}', lines: 1 });
      export const b = combine({ name: 'cutoff', of: [a] });`;
    await build(chain(unique()), '//b');
    project[Symbol.dispose]();
    const { executed, processes } = await build(chain(unique()), '//b');
    expect(executed).toBe(1);
    expect(processes).toBeLessThanOrEqual(2);
    expect(await testStore.processesLeft()).toEqual([]);
    expect(testStore.names('sandboxes')).toEqual([]);
  });
});
