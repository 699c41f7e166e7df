/** Continuous integration keeps some folders of a store between runs: the next run, on another machine, runs nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

const FILES = {
  ...countingRules(),
  'build.dsm.ts': `
    import { combine, shellFolder } from './rules.ts';
    export const a = combine({ name: 'a', text: 'a\\n' });
    export const all = shellFolder({ script: 'mkdir /out/folder; cp /in/0 /out/folder; chmod +x /out/folder/0; ln -s 0 /out/folder/link', of: [a] });`,
};

/** The folders that a recipe keeps, relative to the store. */
function keptBy(recipe: string): string[] {
  const text = readFileSync(join(CHECKOUT, 'examples/ci', recipe), 'utf8');
  return [...new Set([...text.matchAll(/^\s+(?:- )?\.dsmb-store\/(\S+)$/gm)].map(([, name]) => name!))];
}

const noZip =
  spawnSync('zip', ['-v']).status === 0 && spawnSync('unzip', ['-v']).status === 0 ? undefined : 'there is no zip';
if (noZip) console.warn(`skipped: ${noZip}`);

describe('the kept folders of a store', () => {
  const first = new TestStore('apart');
  const stores: TestStore[] = [first];
  const projects: Project[] = [];
  const archive = join(first.folder, 'archive');

  const clone = (store: TestStore): Project => {
    const project = new Project(store, FILES);
    projects.push(project);
    return project;
  };

  beforeAll(async () => {
    const project = clone(first);
    expect((await project.build(['//all'])).executed).toEqual(['//a', '//all']);
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
  });
  afterAll(() => {
    for (const one of [...projects, ...stores]) one[Symbol.dispose]();
  });

  /** Unpacks them in an empty store, and builds in another clone. */
  async function buildElsewhere(unpack: (to: string) => void) {
    const store = new TestStore('empty');
    stores.push(store);
    mkdirSync(store.folder, { recursive: true });
    unpack(store.folder);
    rmSync(archive, { force: true });
    const project = clone(store);
    const { exitCode, executed } = await project.build(['//all'], {
      env: { DSMB_DOWNLOADS: join(store.folder, 'none') },
    });
    return { exitCode, executed, text: readFileSync(project.output('//all', 'link'), 'utf8') };
  }
  const FOUND = { exitCode: 0, executed: [], text: 'a\n' };

  it('come through tar, as GitHub packs them', async () => {
    const kept = keptBy('github-store.yml');
    expect(kept).toContain('cas.v1');
    execFileSync('tar', ['--posix', '-cf', archive, '-C', first.folder, ...kept]);
    expect(await buildElsewhere((to) => execFileSync('tar', ['-xf', archive, '-C', to]))).toEqual(FOUND);
  });

  (noZip ? it.skip : it)('come through zip, as GitLab packs them', { tags: 'long' }, async () => {
    execFileSync('zip', ['-qry', `${archive}.zip`, ...keptBy('gitlab-store.yml')], { cwd: first.folder });
    expect(await buildElsewhere((to) => execFileSync('unzip', ['-q', `${archive}.zip`, '-d', to]))).toEqual(FOUND);
  });
});
