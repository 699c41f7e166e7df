/** What is hashed while an action writes, and what is not. */
import { appendFileSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashFile } from '../../../cache/files.ts';
import { Turns } from '../../../cache/turns.ts';
import { File, Tree } from '../../model/kinds.ts';
import { EarlyHashes } from './early-hashes.ts';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'dsmb-early-'));
const [large, small] = [join(folder, 'large'), join(folder, 'small')];
const turns = new Turns(new AbortController().signal);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outputs = {
  large: { name: 'large', kind: File },
  small: { name: 'small', kind: File },
  tree: { name: 'tree', kind: Tree },
};
const watched = () => new EarlyHashes({ node: { outputs } }, folder);

/** Until the file was looked at: a digest of it can be asked for only once. */
async function looked(hashes: EarlyHashes): Promise<void> {
  while (!hashes.watches(large)) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('while an action runs', () => {
  it('a large file is hashed, and its digest is right when more has come', async () => {
    writeFileSync(large, Buffer.alloc(20 * MIB, 'a'));
    writeFileSync(small, 'small');
    using hashes = watched();
    await looked(hashes);
    appendFileSync(large, Buffer.alloc(3 * MIB, 'b'));
    expect(await hashes.digestOf(large, lstatSync(large), turns)).toEqual(hashFile(large));
    expect(await hashes.digestOf(small, lstatSync(small), turns)).toBeUndefined();
  });

  it('one that was written anew has no digest yet', async () => {
    writeFileSync(large, Buffer.alloc(20 * MIB, 'a'));
    using hashes = watched();
    await looked(hashes);
    rmSync(large);
    writeFileSync(large, Buffer.alloc(20 * MIB, 'b'));
    expect(await hashes.digestOf(large, lstatSync(large), turns)).toBeUndefined();
  });
});
