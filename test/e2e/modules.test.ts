/** What a build loads: nothing that only other commands, or other builds, need. Modules are most of a start. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

/** Libraries that take longer to load than such a build does, what knows formats, and what speaks to other machines. */
const HEAVY =
  /\/node_modules\/(execa|ts-morph|typescript|esbuild|chokidar|tar-stream|@connectrpc|@bufbuild)\/|\/src\/(disk|archive|compare|page)\/|\/cache\/remote\/|\/src\/execute\/run-remotely\.ts$|\/dsmb-joined\/build-page-/;

/** The engine, from its sources or joined. */
const BUILD = /\/src\/execute\/build\.ts$|\/dsmb-joined\/build-\w+\.mjs$/;

/** Has Node tell what it loads. */
const HOOK = (list: string): string => `const { appendFileSync } = require('node:fs');
  require('node:module').registerHooks({
    load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); },
  });`;

it('a build that runs a command loads neither heavy libraries nor what reads disks, nor the page that nobody asks for', async () => {
  using store = new TestStore();
  using project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `import { shell } from './rules.ts';
      export const it = shell({ script: 'echo ${crypto.randomUUID()} >/out/file' });`,
  });
  const [hook, list] = [join(store.folder, 'hook.cjs'), join(store.folder, 'loaded')];
  writeFileSync(hook, HOOK(list));
  const loaded = async (...options: string[]): Promise<string[]> => {
    writeFileSync(list, '');
    project.edit('build.dsm.ts', 'echo ', 'echo again ');
    const { stderr } = await project.run(['build', '//it', ...options], { env: { NODE_OPTIONS: `--require=${hook}` } });
    expect(stderr).toMatch(/1 action \(1 executed/);
    return readFileSync(list, 'utf8').split('\n');
  };
  await project.build(['//it']);
  const plain = await loaded();
  expect(plain.filter((url) => BUILD.test(url))).toHaveLength(1);
  expect(plain.filter((url) => HEAVY.test(url))).toEqual([]);
  expect((await loaded('--html', 'page.html')).filter((url) => HEAVY.test(url))).not.toEqual([]);
});
