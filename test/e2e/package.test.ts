/** The npm package: packed, installed in an empty project, and used there by someone who writes a rule. */
import { execa } from 'execa';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { example } from '../rig/example.ts';

/** A test needs no look at what has changed in the registry. */
const QUIET = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };

/** The first block of a language in the guide's section about a project. */
function guide(language: 'sh' | 'json'): string {
  const section = readFileSync(join(CHECKOUT, 'docs/rules.md'), 'utf8').split('\n## A project of its own\n')[1] ?? '';
  return section.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';
}

const folder = mkdtempSync(join(tmpdir(), 'dsmb-package-'));
const store = new TestStore();
const project = new Project(store, example('first-rule'));
let packed: readonly string[] = [];

beforeAll(async () => {
  await execa('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: CHECKOUT });
  const tarball = join(folder, readdirSync(folder)[0]!);
  packed = (await execa('tar', ['tzf', tarball])).stdout.split('\n').map((path) => path.replace('package/', ''));
  // What the guide says, word by word, but for where the package lies.
  for (const name of ['node_modules', 'package.json']) rmSync(project.path(name), { recursive: true });
  project.write('tsconfig.json', guide('json'));
  await execa('sh', ['-e'], { cwd: project.folder, input: guide('sh').replace(/\S*\.tgz/, tarball), env: QUIET });
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const dsmb = (...args: string[]) =>
  execa('npx', ['dsmb', ...args], { cwd: project.folder, env: { ...store.env, NO_COLOR: '1' }, reject: false });
const typeErrors = async (): Promise<string[]> => {
  const { stdout } = await execa('npx', ['tsc', '-p', '.'], { cwd: project.folder, reject: false });
  return stdout.split('\n').filter((line) => line !== '');
};

describe('the package', () => {
  test('holds what runs, and no tests', () => {
    expect(packed).toEqual(
      expect.arrayContaining(['dsmb.bin', 'LICENSE', 'README.md', 'docs/rules.md', 'toolchain.lock.json']),
    );
    expect(packed).toContain('dist/rules/boot-image/boot-image.step.js');
    // What the build command is joined into: a package has no place to do that later.
    expect(packed).toContain('dist/joined/joined.v3.json');
    expect(packed.filter((path) => /^dist\/joined\/build-\w+\.mjs$/.test(path))).toHaveLength(1);
    expect(packed.filter((path) => /\.test(-helper)?\.|fixture|^dist\/.*(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('has the source behind each declaration, where an editor goes to', () => {
    const module = join(project.folder, 'node_modules/dsmb/dist');
    const maps = globSync('**/*.d.ts.map', { cwd: module }).map((path) => join(module, path));
    expect(maps.length).toBeGreaterThan(100);
    const sourcesOf = (map: string): string[] =>
      (JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }).sources.map((path) => join(dirname(map), path));
    expect(maps.flatMap(sourcesOf).filter((path) => !existsSync(path))).toEqual([]);
  });

  test(
    'has types that a project without skipLibCheck accepts, and that refuse a wrong kind',
    { tags: 'long' },
    async () => {
      expect(await typeErrors()).toEqual([]);
      project.edit('build.dsm.ts', 'packed({ files: published, sums })', 'packed({ files: sums, sums })');
      expect((await typeErrors())[0]).toMatch(/^build\.dsm\.ts\(\d+,\d+\): error TS2322/);
      project.edit('build.dsm.ts', 'packed({ files: sums, sums })', 'packed({ files: published, sums })');
    },
  );

  test('builds a rule of the project; again, nothing runs', async () => {
    const first = await dsmb('build', '//release', '--frozen');
    expect(first.stderr).toContain('3 actions (3 executed, 0 cached)');
    expect((await dsmb('build', '//release')).stderr).toContain('3 actions (0 executed, 3 cached)');
  });

  test('brings the rig that the project tests its rule with', { tags: 'long' }, async () => {
    const { exitCode, stdout } = await dsmb('--node', '--test');
    expect(stdout).toMatch(/^ℹ pass 3$/m);
    expect(exitCode).toBe(0);
  });

  test('brings its own rules and the stand-in guest', { tags: 'long' }, async () => {
    project.write(
      'own/build.dsm.ts',
      `import { grubConfig } from 'dsmb/rules';
      export { programs } from 'dsmb/guest';
      export const config = grubConfig({ mac: '52:54:00:00:00:01' });`,
    );
    expect((await dsmb('build', '//own:config')).exitCode).toBe(0);
    expect(project.read('dsmb-out/own/config/grub.cfg')).toContain('mac1=525400000001');
    expect((await dsmb('list', '//own/...')).stdout).toContain('//own:programs');
  });

  test('makes a project that is right and builds', { tags: 'long' }, async () => {
    const made = join(folder, 'made');
    expect((await dsmb('init', made)).exitCode).toBe(0);
    const program = project.path('node_modules/.bin/dsmb');
    const run = (...args: string[]) => execa(program, args, { cwd: made, env: store.env });
    expect((await run('build', '//page')).stderr).toContain('1 action (1 executed, 0 cached)');
    expect((await run('check', '--strict')).stdout).toBe('0 errors, 0 warnings in 2 files');
  });

  test('has the keys that a checkout has, and may be in the node_modules of a project that a checkout builds', async () => {
    expect((await project.build(['//release'])).executed).toEqual([]);
  });
});
