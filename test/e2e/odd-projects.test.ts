/** Projects as people have them: below folders with odd names, and with any `type` in package.json. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { folder } from 'dsmb';
import { combine, text } from './rules.ts';
export const both = combine({ name: 'both', of: [folder('sources'), text({ content: 'hello' })] });
`;

let store: TestStore;
let project: Project;
let above: string;

beforeAll(() => {
  store = new TestStore();
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE, 'sources/f': 'source' });
  above = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-odd-')));
});
afterAll(() => {
  rmSync(above, { recursive: true });
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

/** A copy of the project, below a folder of this name, is built with a store below that folder. */
async function built(name: string) {
  const folder = join(above, name, 'project');
  mkdirSync(join(above, name), { recursive: true });
  if (!existsSync(folder)) cpSync(project.folder, folder, { recursive: true, verbatimSymlinks: true });
  const env = { ...store.env, DSMB_STORE: join(above, name, 'store'), NO_COLOR: '1' };
  return execa(join(CHECKOUT, 'dsmb'), ['build', '//both'], { cwd: folder, env, reject: false });
}

it('a project and a store below an odd path: all is built, then nothing, and the launcher settles it', async () => {
  const name = `-a *b 100%20#?&;|~ q'"$HOME\`id\`(x)\n\t[a]{b,c}:=!ünï-日本`;
  const first = await built(name);
  expect(first.stderr).toContain('2 actions (2 executed');
  for (let times = 0; times < 2; times++) {
    const { stderr, exitCode } = await built(name);
    expect(stderr).toContain('2 actions (0 executed, 2 cached)');
    expect(exitCode).toBe(0);
  }
});

it('a path may be very long', { tags: 'long' }, async () => {
  const { stderr } = await built(Array.from({ length: 8 }, () => 'x'.repeat(200)).join('/'));
  expect(stderr).toContain('2 actions (2 executed');
});

it('below a folder with a backslash nothing runs, and the error says why', async () => {
  const { stderr, exitCode } = await built('a\\b');
  expect(stderr).toMatch(/^error BAD_FOLDER no project can be in .*a\\b/);
  expect(exitCode).toBe(2);
});

it.each(['{ "type": "commonjs" }', '{}'])('package.json may be %s', async (packageJson) => {
  project.write('package.json', packageJson);
  project.write('build.dsm.ts', `${BUILD_FILE}// ${packageJson}\n`);
  const { stderr, exitCode } = await project.run(['build', '//both']);
  expect(stderr).toContain('build succeeded');
  expect(stderr).not.toMatch(/\(node:|trace-warnings/);
  expect(exitCode).toBe(0);
});

it('build files that import each other are told so, with the chain', async () => {
  project.write('a/build.dsm.ts', "import { y } from '../b/build.dsm.ts';\nexport const x = y;\n");
  project.write('b/build.dsm.ts', "import { x } from '../a/build.dsm.ts';\nexport const y = x;\n");
  const { stderr, exitCode } = await project.run(['build', '//a:x']);
  expect(stderr).toContain('IMPORT_CYCLE modules import each other: a/build.dsm.ts → b/build.dsm.ts → a/build.dsm.ts');
  expect(stderr).toMatch(/ {2}b\/build\.dsm\.ts:2:18\n/);
  expect(exitCode).toBe(2);
});

it('an impure build file is said once by each build, and what is pure is not', async () => {
  project.write('build.dsm.ts', `${BUILD_FILE}export const at = WebSocket.CLOSED;\n`);
  expect((await project.run(['build', '//both'])).stderr).toMatch(/^warning build\.dsm\.ts:5 uses WebSocket, /m);
  project.write('build.dsm.ts', `${BUILD_FILE}export const at = new Date(0).toISOString();\n`);
  expect((await project.run(['build', '//both'])).stderr).not.toContain('warning');
  project.write('build.dsm.ts', `${BUILD_FILE}export const at = [Date.now(), Date.now(), process.env];\n`);
  for (let times = 0; times < 2; times++) {
    const { stderr, exitCode } = await project.run(['build', '//both']);
    expect(stderr.match(/^warning .*/gm)).toEqual([
      expect.stringMatching(/^warning build\.dsm\.ts:5 uses Date\.now, /),
    ]);
    expect(exitCode).toBe(0);
  }
});
