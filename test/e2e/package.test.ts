/** The npm package: packed, installed in an empty project, and used there by someone who writes a rule. */
import { execa } from 'execa';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { example } from '../rig/example.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-package-'));
const store = new TestStore();
const project = new Project(store, {
  ...example('first-rule'),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ module: 'nodenext', target: 'es2025', lib: ['es2025', 'esnext.disposable'], types: ['node'] },
      ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      ...{ allowImportingTsExtensions: true, erasableSyntaxOnly: true, verbatimModuleSyntax: true },
    },
  }),
});
let packed: readonly string[] = [];

beforeAll(async () => {
  await execa('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: CHECKOUT });
  const tarball = join(folder, readdirSync(folder)[0]!);
  packed = (await execa('tar', ['tzf', tarball])).stdout.split('\n').map((path) => path.replace('package/', ''));
  rmSync(project.path('node_modules'), { recursive: true });
  const { devDependencies: versions } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
  const tools = ['typescript', '@types/node'].map((name) => `${name}@${versions[name]}`);
  // As users do, but for what a test does not need.
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await execa('npm', ['install', tarball, ...tools, ...quiet], { cwd: project.folder });
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
  test('holds what runs, and neither sources nor tests', () => {
    expect(packed).toEqual(
      expect.arrayContaining(['dsmb', 'LICENSE', 'README.md', 'docs/rules.md', 'toolchain.lock.json']),
    );
    expect(packed).toContain('dist/rules/boot-image/boot-image.step.js');
    expect(packed.filter((path) => /test(-helper)?\.|fixture|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('has types that a project without skipLibCheck accepts, and that refuse a wrong kind', async () => {
    expect(await typeErrors()).toEqual([]);
    project.edit('build.dsm.ts', 'packed({ files: published, sums })', 'packed({ files: sums, sums })');
    expect((await typeErrors())[0]).toMatch(/^build\.dsm\.ts\(\d+,\d+\): error TS2322/);
    project.edit('build.dsm.ts', 'packed({ files: sums, sums })', 'packed({ files: published, sums })');
  });

  test('builds a rule of the project; again, nothing runs', async () => {
    const first = await dsmb('build', '//release', '--frozen');
    expect(first.stderr).toContain('3 actions (3 executed, 0 cached)');
    expect((await dsmb('build', '//release')).stderr).toContain('3 actions (0 executed, 3 cached)');
  });

  test('brings the rig that the project tests its rule with', async () => {
    const { exitCode, stdout } = await dsmb('--node', '--test');
    expect(stdout).toMatch(/^ℹ pass 3$/m);
    expect(exitCode).toBe(0);
  });

  test('brings its own rules and the stand-in guest', async () => {
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

  test('has the keys that a checkout has, and may be in the node_modules of a project that a checkout builds', async () => {
    expect((await project.build(['//release'])).executed).toEqual([]);
  });
});
