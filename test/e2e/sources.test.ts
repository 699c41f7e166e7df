/** Sources that are symlinks, through the command line: what is behind the links counts for the next build. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Project, TestStore, type Files } from '../rig/index.ts';

const FILES: Files = {
  'rules.ts': `
import { attr, File, rule, Tree } from 'dsmb';
export const put = rule({
  name: 'put', makes: Tree, attributes: { what: attr.oneOf(File, Tree) }, implement: ({ what }, actions) => actions.compose(Tree, { what }),
});
`,
  'build.dsm.ts': `
import { file, folder, param } from 'dsmb';
import { put } from './rules.ts';
export const given = param.file({ default: file('other'), doc: 'a file of the user' });
export const linkedFile = put({ what: file('latest') });
export const linkedFolder = put({ what: folder('drivers') });
export const byParameter = put({ what: given });
export const broken = put({ what: folder('broken') });
`,
  other: 'other',
};

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
  project = new Project(store, FILES);
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

function link(path: string, target: string): void {
  rmSync(project.path(path), { force: true });
  symlinkSync(target, project.path(path));
}

/** Longer than a file system's step: what was written is old by the next build, which may go on from it or be settled. */
async function built(args: readonly string[]): Promise<string> {
  await pause(100);
  const { stderr, exitCode } = await project.run(['build', ...args]);
  expect(stderr).toContain('build succeeded');
  expect(exitCode).toBe(0);
  return stderr;
}

describe.each([
  ['linkedFile', 'what', []],
  ['linkedFolder', 'what/f', []],
  ['byParameter', 'what', ['--set', 'given=latest']],
])('a source behind links: %s', (target, place, args) => {
  const found = async (): Promise<string> => {
    await built([`//${target}`, ...args]);
    return project.read(`dsmb-out/${target}/${place}`);
  };

  it('is what they lead to, whatever of it changes between builds', async () => {
    for (const name of ['one', 'two']) project.write(`releases/${name}/f`, name);
    link('releases/newest', 'one');
    link('latest', 'releases/newest/f');
    link('drivers', project.path('releases/newest'));
    expect(await found()).toBe('one');
    // Now the launcher settles it.
    for (let times = 0; times < 2; times++) expect(await found()).toBe('one');
    link('releases/newest', 'two');
    expect(await found()).toBe('two');
    project.write('releases/two/f', 'edited');
    expect(await found()).toBe('edited');
    expect(await found()).toBe('edited');
    link('latest', 'releases/one/f');
    link('drivers', 'releases/one');
    expect(await found()).toBe('one');
  });
});

it('a link to nothing is never delivered: it is an error that names it', async () => {
  mkdirSync(project.path('broken'));
  link('broken/l', '../other');
  const { stderr, exitCode } = await project.run(['build', '//broken']);
  expect(stderr).toContain(
    `SOURCE_LINK_ESCAPES //broken: the symlink ${project.path('broken/l')} leads to ${project.path('other')}`,
  );
  expect(stderr).toContain(`rm ${project.path('broken/l')} && cp -rL`);
  expect(exitCode).toBe(1);
  expect(existsSync(project.output('//broken'))).toBe(false);
});
