/** What lies in `dsmb-out`, and what is taken for a source or a package, from the command line. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countingRules, Project, TestStore, type Built, type Files } from '../rig/index.ts';

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

function projectWith(files: Files): Project {
  return new Project(store, { ...countingRules(), ...files });
}

async function built(project: Project, ...args: string[]): Promise<Built> {
  const result = await project.build(args);
  expect([args, result.exitCode, result.exitCode === 0 ? '' : result.stderr]).toEqual([args, 0, '']);
  return result;
}

it('nothing that is done to a delivered file reaches the next action that reads it', async () => {
  using project = projectWith({
    'build.dsm.ts': `
      import { shell } from './rules.ts';
      export const large = shell({ script: 'yes large | head -c 9000000 > /out/file' });
      const look = 'stat -c %a /in/0 > /out/file; head -c 5 /in/0 >> /out/file';
      export const first = shell({ script: look, of: [large] });
      export const second = shell({ script: look + '; echo >> /out/file', of: [large] });
    `,
  });
  await built(project, '//large', '//first');
  const delivered = project.output('//large', 'file');
  chmodSync(delivered, 0o755);
  writeFileSync(delivered, 'LARGE', { flag: 'r+' });
  await built(project, '//second');
  const [first, second] = ['first', 'second'].map((name) => project.read(`dsmb-out/${name}/file`));
  expect(second).toBe(`${first}\n`);
  expect(first).toMatch(/large$/);
});

it('an output with another name and the same content is laid out and reported under its new name', async () => {
  using project = projectWith({
    'rules.ts': `
      import { File, rule } from 'dsmb';
      export const note = rule<{ readonly name: string }, 'File'>({
        name: 'note', makes: File, implement: ({ name }, actions) => actions.write({ name, kind: File }, 'same'),
      });
    `,
    'build.dsm.ts': "import { note } from './rules.ts'; export const x = note({ name: 'one.txt' });",
  });
  await built(project, '//x');
  project.edit('build.dsm.ts', 'one.txt', 'two.txt');
  const { report } = await built(project, '//x');
  expect(report!.outputs.map(({ path }) => path)).toEqual(['dsmb-out/x/two.txt']);
  expect(readdirSync(project.output('//x'))).toEqual(['two.txt']);
});

it('targets that would share a place are refused with both places, by a build and by a check', async () => {
  const text = (content: string): string => `text({ content: '${content}' })`;
  using project = projectWith({
    'build.dsm.ts': `import { text } from './rules.ts';\nexport const x = ${text('root')};\nexport const z = ${text('z')};\n`,
    'x/deep/build.dsm.ts': `import { text } from '../../rules.ts';\nexport const y = ${text('inner')};\n`,
  });
  for (const args of [['//x'], ['//x', '//x/deep:y'], ['//...']]) {
    const { exitCode, stderr } = await project.build(args);
    expect([args, exitCode]).toEqual([args, 2]);
    expect(stderr).toMatch(/SHARED_PLACE \/\/x and .*\/\/x\/deep(:y)? would both be in dsmb-out\/x/);
    expect(stderr).toMatch(/build\.dsm\.ts:2:/);
    expect(stderr).toContain('x/deep/build.dsm.ts:');
  }
  const { stdout } = await project.run(['check']);
  expect(stdout).toContain('SHARED_PLACE');
  await built(project, '//x/deep:y', '//z');
});

it('a package that comes into the place of a target is noticed by a build with nothing to do', async () => {
  using project = projectWith({
    'build.dsm.ts': "import { text } from './rules.ts'; export const x = text({ content: 'root' });",
    'x/deep/readme.txt': 'no package yet',
  });
  for (let times = 0; times < 4; times++) await project.run(['build', '//x']);
  project.write('x/deep/build.dsm.ts', '');
  expect((await project.run(['build', '//x'])).stderr).toContain('SHARED_PLACE');
});

it('a folder of sources has no outputs in it, however it is named', async () => {
  using project = projectWith({
    'build.dsm.ts': `
      import { folder } from 'dsmb';
      import { shellFolder } from './rules.ts';
      export const all = shellFolder({ script: 'mkdir /out/folder; cd /in/0; ls -aR > /out/folder/list', of: [folder('.')] });
    `,
    'sub/build.dsm.ts': `
      import { folder } from 'dsmb';
      import { shellFolder } from '../rules.ts';
      export const all = shellFolder({ script: 'mkdir /out/folder; cd /in/0; ls -aR > /out/folder/list', of: [folder('../sub/..')] });
    `,
    'sub/dsmb-out/old.txt': 'of a project that was its own',
  });
  await built(project, '//all', '//sub:all');
  const list = project.read('dsmb-out/all/list');
  expect(list).toContain('build.dsm.ts');
  expect(list).not.toMatch(/dsmb-out|node_modules|\.git\b|toolchain\.lock/);
  expect(project.read('dsmb-out/sub/all/list')).toBe(list);
  expect((await built(project, '//all', '//sub:all')).executed).toEqual([]);
});

it('a checkout below that is a project of its own has no packages of this one, until it is none any more', async () => {
  using project = projectWith({
    'build.dsm.ts': "import { text } from './rules.ts'; export const x = text({ content: 'x' });",
    'other/build.dsm.ts': "import { text } from '../rules.ts'; export const y = text({ content: 'y' });",
  });
  mkdirSync(project.path('other/.git'));
  const targets = async (): Promise<readonly string[]> => (await built(project, '//...')).report!.targets;
  for (let times = 0; times < 3; times++) expect(await targets()).toEqual(['//x']);
  for (let times = 0; times < 3; times++) await project.run(['build', '//...']);
  renameSync(project.path('other/.git'), project.path('other/.svn'));
  await project.run(['build', '//...']);
  expect(existsSync(project.output('//other:y', 'text.txt'))).toBe(true);
});

it('nothing outside is touched where dsmb-out is a link', async () => {
  using project = projectWith({
    'build.dsm.ts': "import { text } from './rules.ts'; export const x = text({ content: 'x' });",
    'elsewhere/x/precious': 'precious',
  });
  symlinkSync('elsewhere', project.path('dsmb-out'));
  const { exitCode, stderr } = await project.build(['//x']);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('BAD_OUTPUT_FOLDER')]);
  expect(readdirSync(project.path('elsewhere/x'))).toEqual(['precious']);
  expect((await project.run(['clean'])).stdout).toContain('a symlink to elsewhere');
  expect(readdirSync(project.path('elsewhere/x'))).toEqual(['precious']);
});

it('a link of an output that leads out of it is refused by where it leads', async () => {
  const script = (lines: string): string => `shellFolder({ script: '${lines}' })`;
  using project = projectWith({
    'build.dsm.ts': `
      import { shellFolder } from './rules.ts';
      export const over = ${script('cd /out; mkdir -p folder/a/b; ln -s ../.. folder/a/b/up; ln -s b/up/../outside folder/a/esc')};
      export const high = ${script('mkdir /out/folder; ln -s ../../../../../out/folder/z /out/folder/l')};
      export const inside = ${script('mkdir -p /out/folder/a; ln -s a/../a /out/folder/l; echo x > /out/folder/a/f')};
    `,
  });
  for (const label of ['//over', '//high']) {
    const { exitCode, stderr } = await project.build([label]);
    expect([label, exitCode]).toEqual([label, 1]);
    expect(stderr).toContain('OUTPUT_LINK_ESCAPES');
    expect(existsSync(project.output(label))).toBe(false);
  }
  await built(project, '//inside');
  expect(project.read('dsmb-out/inside/l/f')).toBe('x\n');
});
