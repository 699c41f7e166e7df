/** Builds are sound and minimal also where a file system keeps times in whole seconds. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, it } from 'vitest';
import { examples } from '../rig/campaign.ts';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { CommandLine } from './command-line.ts';
import { Engine } from './engine.ts';
import { live } from './live.ts';
import { TIMEOUT_MS } from './settings.ts';
import { SmallInodes } from './small-inodes.ts';
import { WHOLE_SECONDS } from './trials.ts';

const mounted = SmallInodes.mount(join(inject('commands'), 'mke2fs'));
if (typeof mounted !== 'string') process.env['TMPDIR'] = mounted.folder;
afterAll(() => typeof mounted === 'string' || mounted[Symbol.dispose]());

const SHIM = fileURLToPath(new URL('./fixture/rounded-times', import.meta.url));
const ROUNDED = { PATH: `${SHIM}:${process.env['PATH']}`, NODE_OPTIONS: `--import ${join(SHIM, 'preload.ts')}` };

it.skipIf(typeof mounted === 'string')(
  `${typeof mounted === 'string' ? `skipped: ${mounted}: ` : ''}in one process`,
  async () => {
    using store = new TestStore();
    process.env['DSMB_DOWNLOADS'] = store.env['DSMB_DOWNLOADS'];
    using engine = new Engine(store, join(CHECKOUT, 'test/rig/fixture/toolchain.lock.json'));
    await live(engine, { store, trials: { ...WHOLE_SECONDS, commandLine: false }, runs: examples(2), least: 4 });
    expect(statSync(store.folder).ctimeMs % 1000).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  `${typeof mounted === 'string' ? `${mounted}, so the times of files are rounded: ` : ''}through the command line`,
  { timeout: TIMEOUT_MS },
  async () => {
    using store = new TestStore();
    const builder = new CommandLine(store, typeof mounted === 'string' ? { env: ROUNDED } : {});
    await live(builder, { store, trials: WHOLE_SECONDS, runs: 1, least: 4 });
    using project = new Project(store, { 'build.dsm.ts': '' });
    expect((await project.run(['fsck'])).stdout).toMatch(/the store is sound/);
  },
);
