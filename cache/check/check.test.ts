/** A check finds whatever was flipped, cut or taken away, and repair leaves a sound store. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { captureBytes } from '../capture.ts';
import { digestOf } from '../cas.ts';
import { SEAL_TIME } from '../stamps.ts';
import { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import { check } from './check.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let stores = 0;

/** A store with results, an executable, and a tree folder. */
function sampleStore(): Store {
  const store = new Store(join(folder, String(stores++)));
  for (const name of ['a', 'b', 'c']) {
    const files = ['1', '2'].map(
      (file) =>
        [`${name}/${file}`, captureBytes(store.cas, Buffer.from(`${name}${file}`.repeat(50)), file === '1')] as const,
    );
    const output = store.trees.build(files);
    if (output.type !== 'directory') throw new Error('no folder');
    store.folders.folder(output);
    const key = store.cas.put(Buffer.from(`key ${name}`));
    store.actions.put(key, {
      outputs: new Map([['out/x', output]]),
      log: undefined,
      startedAt: 0,
      durationMs: 0,
      worker: '',
    });
  }
  return store;
}

function filesBelow(store: Store, name: string): string[] {
  return readdirSync(join(store.root, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const damages = {
  flipped(path: string) {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    rewrite(path, bytes);
  },
  cut: (path: string) => rewrite(path, readFileSync(path).subarray(0, -1)),
  grown: (path: string) => rewrite(path, Buffer.concat([readFileSync(path), Buffer.from('x')])),
  removed: (path: string) => rmSync(path),
};

/** As a failing disk would: neither mode nor time tells. */
function rewrite(path: string, bytes: Uint8Array): void {
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  chmodSync(path, path.includes('exec.v1') ? 0o555 : 0o444);
  utimesSync(path, SEAL_TIME, SEAL_TIME);
}

const run = (store: Store, repair = false) => check(store, { repair });

describe('a check', () => {
  it('finds nothing in a sound store', async () => {
    const store = sampleStore();
    expect((await run(store)).findings).toEqual([]);
  });

  it('finds any blob that was flipped, cut, grown or removed, and whose it is; repair makes the store sound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(damages) as (keyof typeof damages)[])),
        fc.nat(),
        async (damage, index) => {
          const store = sampleStore();
          const needed = filesBelow(store, 'cas.v1').filter(
            (path) => readFileSync(path).length > 0 && !readFileSync(path).toString().startsWith('key'),
          );
          const victim = needed[index % needed.length]!;
          damages[damage](victim);
          const { findings } = await run(new Store(store.root));
          const results = findings.filter(({ kind }) => kind === 'result');
          expect(results).toHaveLength(1);
          if (damage !== 'removed') {
            const blob = findings.find(({ path }) => victim.endsWith(path));
            expect(blob).toMatchObject({ kind: 'blob', repair: 'remove', keys: results[0]!.keys });
          }
          await run(new Store(store.root), true);
          expect((await run(new Store(store.root))).findings).toEqual([]);
          rmSync(store.root, { recursive: true });
        },
      ),
      { numRuns: examples(40) },
    );
  });

  it('suspects what was made of a broken blob, and of what that gave, but not what it only handed on', async () => {
    const store = new Store(join(folder, String(stores++)));
    const file = (text: string) => captureBytes(store.cas, Buffer.from(text));
    const made = (name: string, output: Node, of: Readonly<Record<string, Node>> = {}): string => {
      const key = store.cas.put(Buffer.from(`key ${name}`));
      const more = { log: undefined, startedAt: 0, durationMs: 0, worker: '' };
      store.actions.put(key, { outputs: new Map([['out/x', output]]), ...more }, new Map(Object.entries(of)));
      return key.hash;
    };
    const [tool, source, used, top] = ['tool', 'source', 'used', 'top'].map(file) as [Node, Node, Node, Node];
    const [handedOn, packed] = [
      store.trees.build([
        ['tool', tool],
        ['used', used],
      ]),
      store.trees.build([['a/b', top]]),
    ];
    const keys = {
      source: made('source', source, { tool }),
      used: made('used', handedOn, { tool, source }),
      top: made('top', packed, { tool, used: handedOn }),
      beside: made('beside', file('beside'), { tool }),
    };
    const path = filesBelow(store, 'cas.v1').find((one) => readFileSync(one, 'utf8') === 'source');
    damages.flipped(path!);
    const { findings } = await run(new Store(store.root), true);
    const results = findings.filter(({ kind }) => kind === 'result');
    expect(results.flatMap((one) => one.keys).toSorted()).toEqual([keys.source, keys.used, keys.top].toSorted());
    expect(results.filter(({ problem }) => problem.startsWith('may be wrong'))).toHaveLength(2);
    expect((await run(new Store(store.root))).findings).toEqual([]);
  });

  it('suspects nothing where the damage shows: no action can have read such a blob', async () => {
    const store = new Store(join(folder, String(stores++)));
    const source = captureBytes(store.cas, Buffer.from('source'));
    const key = store.cas.put(Buffer.from('key'));
    const result = { outputs: new Map([['out/x', captureBytes(store.cas, Buffer.from('output'))]]), log: undefined };
    store.actions.put(key, { ...result, startedAt: 0, durationMs: 0, worker: '' }, new Map([['source', source]]));
    const path = filesBelow(store, 'cas.v1').find((one) => readFileSync(one, 'utf8') === 'source')!;
    damages.flipped(path);
    utimesSync(path, new Date(), new Date());
    const { findings } = await run(new Store(store.root), true);
    expect(findings.map(({ kind, problem }) => [kind, problem.slice(0, 17)])).toEqual([['blob', 'has other content']]);
    expect(new Store(store.root).actions.get(key)).toBeDefined();
  });

  it.each([100])('finds nothing wrong with a tree %s deep', isSound);
  it.each([2500])('finds nothing wrong with a tree %s deep', { tags: 'long' }, isSound);

  async function isSound(depth: number): Promise<void> {
    const store = new Store(join(folder, String(stores++)));
    let node = captureBytes(store.cas, Buffer.from('x'));
    for (let level = 0; level < depth; level++) node = store.trees.store(new Map([['d', node]]));
    const key = store.cas.put(Buffer.from('key'));
    const result = { outputs: new Map([['out/x', node]]), log: undefined, startedAt: 0, durationMs: 0, worker: '' };
    store.actions.put(key, result, new Map([['of', node]]));
    expect(store.actions.get(key)).toBeDefined();
    expect((await run(new Store(store.root))).findings).toEqual([]);
    rmSync(store.root, { recursive: true });
  }

  it.each(['flipped', 'cut'] as const)('finds an executable and a result that were %s', async (damage) => {
    const store = sampleStore();
    damages[damage](filesBelow(store, 'exec.v1')[0]!);
    damages.cut(filesBelow(store, 'ac.v1')[0]!);
    const kinds = (await run(store)).findings.map(({ kind }) => kind);
    expect(kinds).toContain('blob');
    expect(kinds).toContain('result');
  });

  it('finds what does not belong there, and what has another mode', async () => {
    const store = sampleStore();
    writeFileSync(join(store.root, 'cas.v1', 'stray'), '');
    writeFileSync(join(store.root, 'holiday.jpg'), '');
    chmodSync(
      filesBelow(store, 'cas.v1').find((path) => readFileSync(path).length > 0 && !path.endsWith('stray'))!,
      0o666,
    );
    const found = (await run(store, true)).findings.map(
      ({ path, repair }) => `${repair} ${path.replace(/[0-9a-f]{64}/, 'HASH')}`,
    );
    expect(found).toContain('remove cas.v1/stray');
    expect(found).toContain('none holiday.jpg');
    expect(found.some((one) => /^reset cas\.v1\/..\/HASH$/.test(one))).toBe(true);
    expect((await run(store)).findings.map(({ path }) => path)).toEqual(['holiday.jpg']);
  });

  it('finds a tree folder that was written to', async () => {
    const store = sampleStore();
    const [file] = filesBelow(store, 'trees.v1');
    rmSync(file!);
    writeFileSync(file!, 'other');
    expect((await run(store)).findings).toMatchObject([{ kind: 'tree folder', repair: 'remove' }]);
  });
});

describe('a tree folder', () => {
  it('that was damaged is laid out anew by the next process that needs it', () => {
    const store = sampleStore();
    const file = captureBytes(store.cas, Buffer.from('right'));
    const tree = store.trees.build([['file', file]]);
    if (tree.type !== 'directory') throw new Error('no folder');
    const path = join(store.folders.folder(tree), 'file');
    chmodSync(path, 0o644);
    writeFileSync(path, 'wrong');
    const next = new Store(store.root);
    // The blob is the same file: it is found broken, and what made it would run again.
    expect(() => next.folders.folder(tree)).toThrow(/has lost blob/);
    next.cas.put(Buffer.from('right'));
    expect(readFileSync(join(next.folders.folder(tree), 'file'), 'utf8')).toBe('right');
    expect(next.cas.has(digestOf(Buffer.from('right')))).toBe(true);
  });
});
