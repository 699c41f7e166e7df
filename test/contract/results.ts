/** What every place of results keeps to, here or elsewhere: what was put is found as it was, whole or not at all. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { digestOf } from '../../cache/cas.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { Digest } from '../../src/model/digest.ts';

/** An action: two of different names have different keys. */
export interface NamedAction {
  readonly name: string;
  readonly key: Digest;
}

export interface Results {
  /** Where the results are made. */
  readonly store: Store;
  readonly actionOf: (name: string) => NamedAction;
  readonly put: (action: NamedAction, result: ResultData) => Promise<void>;
  /** Another process, or another machine: its store, and the result with all that belongs to it. */
  readonly get: (action: NamedAction) => Promise<{ readonly store: Store; readonly result: ResultData } | undefined>;
  /** Takes a blob away from where results are kept. */
  readonly lose: (of: Digest) => Promise<void>;
}

/** The outputs of all actions here. */
export const OUTPUTS = [
  { path: 'out/file', shape: 'file' },
  { path: 'out/tree', shape: 'folder' },
] as const;

/** A folder from a few texts at a few paths, some of them links. */
const folders = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom('a', 'b/c', 'b/d', 'e/f/g', 'h'),
    text: fc.string({ maxLength: 20 }),
    link: fc.boolean(),
  }),
  { selector: ({ path }) => path },
);

export function describeResults(open: () => Promise<Results>): void {
  let results: Results;
  let count = 0;
  const newAction = (): NamedAction => results.actionOf(`${crypto.randomUUID()} ${count++}`);

  beforeEach(async () => {
    results = await open();
  });

  function resultOf(text: string, tree: Node, executable = false): ResultData {
    const { cas } = results.store;
    const outputs = new Map<string, Node>([
      ['out/file', captureBytes(cas, Buffer.from(text), executable)],
      ['out/tree', tree],
    ]);
    const log = cas.put(Buffer.from('the log'));
    return { outputs, log, startedAt: 1_700_000_000_123, durationMs: 4567, worker: 'somewhere (tcg)' };
  }

  function deepTree(text: string): { readonly tree: Node; readonly deep: Digest } {
    const deep = captureBytes(results.store.cas, Buffer.from(text)) as Node & { type: 'file' };
    const link: Node = { type: 'symlink', target: 'b/deep' };
    return {
      tree: results.store.trees.build([
        ['a/b/deep', deep],
        ['a/link', link],
      ]),
      deep: deep.digest,
    };
  }

  describe('a result', () => {
    it('is found as it was put, under its key and no other', async () => {
      const [one, other] = [newAction(), newAction()];
      const result = resultOf('a file', deepTree('deep').tree, true);
      await results.put(one, result);
      expect((await results.get(one))?.result).toEqual(result);
      expect(await results.get(other)).toBeUndefined();
    });

    it('has its blobs with it', async () => {
      const action = newAction();
      await results.put(action, resultOf('a file of its own', deepTree('deep below').tree));
      const { store, result } = (await results.get(action))!;
      for (const node of result.outputs.values()) expect(store.trees.complete(node)).toBe(true);
      const file = result.outputs.get('out/file') as Node & { type: 'file' };
      expect(store.cas.read(file.digest).toString()).toBe('a file of its own');
      expect(store.trees.lookup(result.outputs.get('out/tree')!, 'a/b/deep')).toMatchObject({ type: 'file' });
    });

    it('may have empty files and folders', async () => {
      const action = newAction();
      const result = resultOf('', results.store.trees.store(new Map()));
      await results.put(action, result);
      expect((await results.get(action))?.result).toEqual(result);
    });

    it('comes back whatever its folder holds', async () => {
      await fc.assert(
        fc.asyncProperty(folders, fc.string(), async (entries, text) => {
          const { cas, trees } = results.store;
          const tree = trees.build(
            entries.map(({ path, text: content, link }): [string, Node] => [
              path,
              link ? { type: 'symlink', target: 'somewhere' } : captureBytes(cas, Buffer.from(content)),
            ]),
          );
          const action = newAction();
          const result = resultOf(text, tree);
          await results.put(action, result);
          expect((await results.get(action))?.result).toEqual(result);
        }),
        { numRuns: 10 },
      );
    });
  });

  it.each(['an output file', 'a file deep in an output'])('without %s, a result is a miss', async (what) => {
    const action = newAction();
    const text = crypto.randomUUID();
    const { tree, deep } = deepTree(`deep ${text}`);
    await results.put(action, resultOf(text, tree));
    await results.lose(what === 'an output file' ? digestOf(Buffer.from(text)) : deep);
    expect(await results.get(action)).toBeUndefined();
  });
}
