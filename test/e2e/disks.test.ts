/** Disks through the command line: what one changed block costs, and how damage is found, named and mended. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEAL_TIME } from '../../cache/stamps.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const MIB = 2 ** 20;
const BLOCKS = [0, 7, 299];

const FILES = {
  'build.dsm.ts': `
import { param } from 'dsmb';
import { diskArchive } from 'dsmb/rules';
import { madeDisk } from './made-disk.ts';

export const text = param.string({ default: 'one', doc: 'what stands in block 7' });
export const made = madeDisk({ text });
export const archive = diskArchive({ disk: made });
`,
  'made-disk.ts': `
import { attr, kind, rule } from 'dsmb';

const Disk = kind('Disk', 'folder');

export const madeDisk = rule({
  name: 'madeDisk',
  makes: Disk,
  attributes: { text: attr.string },
  implement: ({ text }, actions) =>
    actions.step({
      mnemonic: 'MadeDisk',
      module: () => import('./made-disk.step.ts'),
      args: { text },
      inputs: {},
      outputs: { disk: Disk },
    }).disk,
});
`,
  'made-disk.step.ts': `
import { editDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';

interface Spec { readonly args: { readonly text: string }; readonly inputs: never; readonly outputs: 'disk' }

export default step<Spec>(async ({ args, outputs }) => {
  const disk = editDisk({ to: outputs.disk, size: ${300 * MIB} });
  for (const index of ${JSON.stringify(BLOCKS)}) disk.write(index * ${MIB}, Buffer.from(index === 7 ? args.text : 'same ' + index));
  disk.finish();
});
`,
};

/** Where the store has what a file of the disk holds. */
const blobOf = (content: Buffer): string => store.blob(createHash('sha256').update(content).digest('hex'));
const block = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(MIB - text.length)]);
const manifest = Buffer.from(`{"format":"dsmb-disk/1","size":${300 * MIB},"blockSize":${MIB}}\n`);

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
  project = new Project(store, { ...countingRules(), ...FILES });
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

function storedBlocks(): string[] {
  const blobs = readdirSync(join(store.folder, 'cas.v1'), { recursive: true, withFileTypes: true });
  const files = blobs.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.filter((path) => statSync(path).size === MIB);
}

/** As a failing disk would: neither mode nor time tells. */
function damage(path: string, change: (path: string) => void): void {
  chmodSync(path, 0o644);
  change(path);
  chmodSync(path, 0o444);
  utimesSync(path, new Date(), SEAL_TIME);
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[1000]! ^= 0x10;
  writeFileSync(path, bytes);
}

describe('a disk', () => {
  it('is stored by its blocks: none that is zero, and one more when one changes', async () => {
    expect((await project.build(['//made'])).executed).toEqual(['//made']);
    expect(storedBlocks()).toHaveLength(BLOCKS.length);
    expect((await project.build(['//made', '--set', 'text=two'])).executed).toEqual(['//made']);
    expect(storedBlocks()).toHaveLength(BLOCKS.length + 1);
    expect((await project.run(['disk', 'diff', '//made', '--to', 'text=two'])).stdout).toContain('in 1 range');
  });

  it('is packed with checksums that hold, and with one block compressed when one changed', async () => {
    await project.build(['//archive']);
    expect((await project.build(['//archive', '--set', 'text=two'])).exitCode).toBe(0);
    expect((await project.run(['log', '//archive'])).stdout).toMatch(/1 of 3 blocks compressed/);
    const folder = project.path('dsmb-out/archive');
    expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).toBe('dsm.tar.gz: OK\n');
    execFileSync('tar', ['-xzf', 'dsm.tar.gz', '-C', project.folder], { cwd: folder });
    expect(
      readFileSync(project.path('disk.raw'))
        .subarray(7 * MIB, 7 * MIB + 4)
        .toString(),
    ).toBe('two\0');
  });
});

const OTHER_BYTES = /DISK_DAMAGED [^]*blocks\/0000\/07 holds other bytes than it should/;
/** Its size tells before anything is read: a build would make it again. */
const NOT_BUILT = /NOT_BUILT \/\/made/;

describe('an archive', () => {
  it('that was delivered survives a collection of garbage, with its checksums', async () => {
    await project.build(['//archive']);
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
    expect((await project.build(['//archive'])).executed).toEqual([]);
    rmSync(project.path('dsmb-out'), { recursive: true });
    expect((await project.build(['//archive'])).executed).toEqual([]);
    expect(readdirSync(project.path('dsmb-out/archive')).toSorted()).toEqual([
      'SHA256SUMS',
      'dsm.tar.gz',
      'manifest.json',
    ]);
  });

  it('is explained by what it is made of', async () => {
    await project.build(['//archive', '--set', 'text=three']);
    const { stdout } = await project.run(['why', '//archive']);
    expect(stdout).toMatch(/\/\/made/);
    expect((await project.run(['plan', '//archive', '--set', 'text=four'])).stdout).toMatch(/\/\/made/);
  });
});

type Damage = [what: string, blob: () => string, change: (path: string) => void, named: RegExp, path: string];

describe.each<Damage>([['a flipped bit', () => blobOf(block('one')), flip, OTHER_BYTES, 'blocks/0000/07']])(
  '%s in the store',
  (...damage) => {
    isFoundAndMended(...damage);
  },
);

describe.each<Damage>([
  ['a cut block', () => blobOf(block('one')), (path) => truncateSync(path, 9), NOT_BUILT, 'blocks/0000/07'],
  ['a missing block', () => blobOf(block('one')), (path) => rmSync(path), NOT_BUILT, 'blocks/0000/07'],
  ['a cut manifest', () => blobOf(manifest), (path) => truncateSync(path, 20), NOT_BUILT, 'disk.json'],
])('%s in the store', { tags: 'long' }, (...damage) => {
  isFoundAndMended(...damage);
});

function isFoundAndMended(...[what, blob, change, named, path]: Damage): void {
  beforeAll(async () => {
    await project.build(['//made']);
    if (what === 'a missing block') rmSync(blob());
    else damage(blob(), change);
  });

  it('is found by disk info --verify', async () => {
    const { exitCode, stderr } = await project.run(['disk', 'info', '--verify', '//made']);
    expect(stderr).toMatch(named);
    expect(exitCode).not.toBe(0);
  });

  it('is named by fsck, with its place in the disk and the target that it belongs to', async () => {
    const { exitCode, stdout } = await project.run(['fsck']);
    expect(exitCode).toBe(1);
    const name = basename(blob()).slice(0, 12);
    expect(stdout).toMatch(new RegExp(`^broken result .*${name}.*\\(out/disk/${path}\\).*\\(//made\\)$`, 'm'));
  });

  it('is mended by a build: the disk is made again, and is what it was', async () => {
    await project.run(['fsck', '--repair']);
    expect((await project.build(['//made'])).executed).toEqual(['//made']);
    expect((await project.run(['disk', 'info', '--verify', '//made'])).exitCode).toBe(0);
    expect((await project.run(['fsck'])).exitCode).toBe(0);
  });
}
