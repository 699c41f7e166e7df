/** Checksums that the engine writes from digests it has are those that sha256sum computes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import { ArtifactReference } from '../analysis/action.ts';
import { File, Tree } from '../model/kinds.ts';
import { contentOf, type Producers } from './content.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-checksums-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const producers: Producers = {
  action: () => expect.unreachable('nothing runs'),
  debian: () => expect.unreachable('nothing is fetched'),
};

function source(name: string, content: string): ArtifactReference {
  const path = join(folder, name);
  writeFileSync(path, content);
  return new ArtifactReference(File, { type: 'source', path, written: name });
}

const sums = (entries: Record<string, ArtifactReference>) =>
  new ArtifactReference(File, { type: 'checksums', entries: new Map(Object.entries(entries)) });

it('are those of sha256sum, sorted by name', async () => {
  const store = new Store(join(folder, 'store'));
  const list = sums({ b: source('b', 'bytes of b'), a: source('a', '') });
  const node = await contentOf(store, list, producers);
  if (node.type !== 'file') throw new Error('no file');
  const text = readFileSync(store.cas.path(node.digest), 'utf8');
  expect(text).toBe(execFileSync('sha256sum', ['a', 'b'], { cwd: folder, encoding: 'utf8' }));
});

it('are of files only', async () => {
  const store = new Store(join(folder, 'store'));
  const whole = new ArtifactReference(Tree, { type: 'compose', entries: new Map() });
  await expect(contentOf(store, sums({ whole }), producers)).rejects.toThrow('whole, which is not a file');
});
