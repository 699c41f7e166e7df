/** What has changed of the ground of a graph is named as people look for it. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stampsOf } from '../../cache/stamps.ts';
import { Store } from '../../cache/store.ts';
import { Looks } from '../../cache/ways.ts';
import type { Project } from '../analysis/project.ts';
import { settingsFiles } from '../load/settings.ts';
import { changeOf, groundOf, nameOf, type Ground } from './ground.ts';
import { Folder, REQUEST, touch } from './made.test-helper.ts';

let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

describe('a ground', () => {
  it('is as it was, has changed, or is gone', () => {
    const [file, present] = [folder.write('a.ts', ''), folder.write('there', '')];
    const gone = `${folder.path}/gone`;
    const ground: Ground = { seen: [file, gone], stamps: stampsOf([file, gone]), present: [present] };
    expect(changeOf(ground)).toBeUndefined();
    touch(file);
    expect(changeOf(ground)).toBe(`${file} has changed`);
    expect(changeOf(ground, new Set([file]))).toBeUndefined();
    folder.write('gone', '');
    expect(changeOf(ground, new Set([file]))).toBe(`${gone} is new`);
    const removals = folder.write('removals.v1', '');
    const taken: Ground = { ...ground, seen: [removals], stamps: stampsOf([removals]), present: [] };
    touch(removals);
    expect(changeOf(taken)).toBe('something was removed from the store');
    rmSync(file);
    expect(changeOf(ground)).toBe(`${file} is gone`);
    rmSync(present);
    expect(changeOf(ground, new Set([file]))).toBe(`${present} is gone`);
  });

  it('is, of a project, also the settings of the project and of the user', () => {
    folder.write('.git/HEAD', '');
    folder.write('build.dsm.ts', '');
    folder.write('config/dsmb/other', '');
    vi.stubEnv('XDG_CONFIG_HOME', `${folder.path}/config`);
    const trace = { outside: undefined, looks: new Looks(), searches: [], paths: [], modules: [] };
    const project = { root: folder.path, targets: [], loaded: { trace } } as unknown as Project;
    const store = new Store(`${folder.path}/store`);
    const ground = groundOf({ ...REQUEST, folder: folder.path }, store, project) as Ground;
    expect(ground.seen).toEqual(expect.arrayContaining(settingsFiles(folder.path)));
    vi.unstubAllEnvs();
  });

  it('is told from the folder that people are in', () => {
    expect(nameOf(`${process.cwd()}/rules.ts`)).toBe('rules.ts');
    expect(nameOf('/elsewhere/rules.ts')).toBe('/elsewhere/rules.ts');
  });
});
