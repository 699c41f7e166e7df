/** A store that was damaged, or is used by two builds at once: results stay right, and what is broken is made again. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, globSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SEAL_TIME } from '../../cache/stamps.ts';
import { cut, flip } from '../rig/damage.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore('apart');
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  const salt = crypto.randomUUID();
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `
      import { combine, shellFolder } from './rules.ts';
      export const first = combine({ name: 'first', text: 'first ${salt}' });
      export const second = combine({ name: 'second', of: [first] });
      export const tree = shellFolder({ script: 'mkdir -p /out/folder/deep; read text </in/0; echo deep $text >/out/folder/deep/file', of: [first] });
      export const third = combine({ name: 'third', of: [tree] });`,
  });
});
afterEach(() => project[Symbol.dispose]());

/** In a result, this byte is a part of its output's digest. */
const FLIPPED_AT = 30;

type Damage = readonly [what: string, damage: (path: string) => void];

const FLIPPED: Damage = ['has a flipped bit', (path) => flip(path, FLIPPED_AT)];
const CUT: Damage = ['was cut off', (path) => cut(path, 3)];
const DELETED: Damage = ['was deleted', (path) => rmSync(path)];
const damages = [FLIPPED, CUT, DELETED];

describe('a large output', () => {
  // It is hashed while it grows.
  it.each([['is cut in the end', 'truncate -s 20M /out/file;']])('that %s has the digest of its content', hasItsDigest);

  it.each([
    ['is written from its beginning to its end', ''],
    ['has its head written last', 'echo the head goes here | dd of=/out/file conv=notrunc status=none;'],
    ['is written anew in the end', 'rm /out/file; yes other | head -c 20000000 >/out/file;'],
  ])('that %s has the digest of its content', { tags: 'long' }, hasItsDigest);

  async function hasItsDigest(_what: string, last: string): Promise<void> {
    const parts = 'for part in 1 2 3 4 5 6; do yes $part | head -c 9000000 >>/out/file; sleep 0.1; done;';
    const script = JSON.stringify(`: ${crypto.randomUUID()}; ${parts} ${last}`);
    project.write(
      'build.dsm.ts',
      `import { shell } from './rules.ts'; export const large = shell({ script: ${script} });`,
    );
    expect((await project.build(['//large'])).executed).toEqual(['//large']);
    expect(existsSync(blobOf(project.read('dsmb-out/large/file')))).toBe(true);
  }
});

describe('the blob of an output that', () => {
  it.each([FLIPPED, DELETED])('%s is made again', isMadeAgain);
  it.each([CUT])('%s is made again', { tags: 'long' }, isMadeAgain);

  async function isMadeAgain(...[, damage]: Damage): Promise<void> {
    await project.build(['//first']);
    const content = project.read('dsmb-out/first/first.txt');
    damage(blobOf(content));
    rmSync(project.path('dsmb-out'), { recursive: true });
    const again = await project.build(['//first']);
    expect(again.stderr).toMatch(/build succeeded/);
    expect(again.executed).toEqual(['//first']);
    expect(project.read('dsmb-out/first/first.txt')).toBe(content);
    expect(readFileSync(blobOf(content), 'utf8')).toBe(content);
    expect((await project.build(['//first'])).executed).toEqual([]);
  }

  it.each(damages)('%s is made again when something new needs it', { tags: 'long' }, async (_what, damage) => {
    await project.build(['//first']);
    damage(blobOf(project.read('dsmb-out/first/first.txt')));
    const next = await project.build(['//second']);
    expect(next.executed).toEqual(['//first', '//second']);
    expect(project.read('dsmb-out/second/second.txt')).toBe(project.read('dsmb-out/first/first.txt'));
  });

  it.each(damages)('%s is made again, deep in a folder', { tags: 'long' }, async (_what, damage) => {
    await project.build(['//tree']);
    damage(blobOf(project.read('dsmb-out/tree/deep/file')));
    const next = await project.build(['//third']);
    expect(next.stderr).toMatch(/build succeeded/);
    expect(next.executed).toEqual(expect.arrayContaining(['//third', '//tree']));
    expect(project.read('dsmb-out/third/third.txt')).toMatch(/^deep first /);
  });
});

it('what was made of a blob that only its content tells to be broken goes with it at fsck --repair', async () => {
  await project.build(['//first']);
  const blob = blobOf(project.read('dsmb-out/first/first.txt'));
  flip(blob, FLIPPED_AT);
  chmodSync(blob, 0o444);
  utimesSync(blob, SEAL_TIME, SEAL_TIME);
  expect((await project.build(['//second'])).executed).toEqual(['//second']);
  const { stdout } = await project.run(['fsck', '--repair']);
  expect(stdout).toMatch(/^removed result .*may be wrong: it was made from .*\(\/\/second\)$/m);
  expect((await project.build(['//second'])).executed).toEqual(['//first', '//second']);
  await project.build(['//first']);
  expect(project.read('dsmb-out/second/second.txt')).toBe(project.read('dsmb-out/first/first.txt'));
  expect((await project.run(['fsck'])).stdout).toMatch(/the store is sound/);
});

describe('programs of the sandbox that', () => {
  it.each([['have a flipped bit', (path: string) => flip(path, FLIPPED_AT)]])(
    '%s are unpacked again',
    areUnpackedAgain,
  );

  it.each([
    ['were cut off', (path: string) => cut(path, 3)],
    ['were deleted', (path: string) => rmSync(path)],
  ])('%s are unpacked again', { tags: 'long' }, areUnpackedAgain);

  async function areUnpackedAgain(_what: string, damage: (path: string) => void): Promise<void> {
    await project.build(['//tree']);
    for (const name of ['usr/bin/bwrap', 'usr/bin/dash', 'usr/bin/node'])
      for (const inFolder of globSync(`trees.v1/*/*/${name}`, { cwd: store.folder })) {
        const path = `${store.folder}/${inFolder}`;
        const blob = store.blob(createHash('sha256').update(readFileSync(path)).digest('hex'));
        // What sandboxes mount is another file than the blob, since programs have another mode; trees share it.
        if (existsSync(blob)) damage(blob);
        if (statSync(path).mtimeMs === SEAL_TIME.getTime()) damage(path);
      }
    project.edit('build.dsm.ts', "text: 'first ", "text: 'first again ");
    const { executed, stderr } = await project.build(['//tree']);
    expect(stderr).toMatch(/build succeeded/);
    expect(executed).toEqual(['//first', '//tree']);
  }
});

describe('the result of an action that', () => {
  it.each([FLIPPED])('%s is made again', isMadeAgain);
  it.each([CUT, DELETED])('%s is made again', { tags: 'long' }, isMadeAgain);

  async function isMadeAgain(...[, damage]: Damage): Promise<void> {
    const { report } = await project.build(['//first']);
    const hash = report?.actions[0]?.key?.split('/')[0] ?? '';
    damage(`${store.folder}/ac.v1/${hash.slice(0, 2)}/${hash}`);
    // One that goes on from the last build knows what it gave.
    const again = await project.build(['//first'], { env: { DSMB_SNAPSHOT: 'off' } });
    expect(again.stderr).toMatch(/build succeeded/);
    expect(again.executed).toEqual(['//first']);
  }
});

describe('two builds at once', () => {
  it('on one store both succeed', async () => {
    using twin = new Project(store, {
      ...countingRules(),
      'build.dsm.ts': project.read('build.dsm.ts'),
    });
    const both = await Promise.all([project.build(['//third']), twin.build(['//third'])]);
    for (const { stderr, exitCode } of both) {
      expect(stderr).toMatch(/build succeeded/);
      expect(exitCode).toBe(0);
    }
    expect(twin.read('dsmb-out/third/third.txt')).toBe(project.read('dsmb-out/third/third.txt'));
    expect((await project.build(['//third'])).executed).toEqual([]);
  });

  it('of one project, in an empty store, both succeed', { tags: 'long' }, async () => {
    using empty = new TestStore('empty');
    using fresh = new Project(empty, { ...countingRules(), 'build.dsm.ts': project.read('build.dsm.ts') });
    const both = await Promise.all([fresh.build(['//third']), fresh.build(['//third', '//second'])]);
    for (const { stderr } of both) expect(stderr).toMatch(/build succeeded/);
    expect(fresh.read('dsmb-out/third/third.txt')).toMatch(/^deep first /);
  });
});

function blobOf(content: string): string {
  return store.blob(createHash('sha256').update(content).digest('hex'));
}
