/** Measures how long a click on a cell of a disk of 20 GiB takes to lead to the file in it and to its cause. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '../cache/tree.ts';
import { dataRanges, rawToDisk, SECTOR, withMbr } from '../src/disk/index.ts';
import { Artifacts } from '../src/page/artifacts/artifacts.ts';
import { PageServer } from '../src/page/server.ts';
import { pastBuilds, PastView } from '../src/page/view.ts';
import type { Browser } from '../test/rig/browser.ts';
import { StoredBuilds } from '../test/rig/stored-build.ts';
import { median } from './timing.ts';

const GIB = 2 ** 30;
const START = 2048;
const FILES = 10_000;
/** Files that the second build changes. */
const CHANGED = 10;

export interface DiskFigures {
  /** From the choice of the view to the map. */
  readonly map: number;
  /** From a click to what lies in the cell, and why. */
  readonly click: number;
  readonly clicks: number;
}

export async function measureDisk(folder: string, start: () => Promise<Browser>): Promise<DiskFigures> {
  const builds = new StoredBuilds(folder);
  for (const text of ['one', 'other']) recordBuild(builds, folder, text);
  const sources = () => ({ store: builds.store, root: builds.root, history: builds.history });
  const past = (build: string) => new PastView(sources(), builds.history.named(build));
  const artifacts = new Artifacts(sources);
  using server = await PageServer.open({ past, pastBuilds: () => pastBuilds(builds.history), artifacts });
  await using browser = await start();
  await browser.open(server.address);
  await browser.value(`new Promise(function look(resolve) {
    const build = document.querySelector('.past button');
    if (!build) return requestAnimationFrame(() => look(resolve));
    build.click();
    resolve();
  })`);
  const map = await browser.value<number>(WHEN_MAPPED);
  // What a reader looks at before the first click is told meanwhile.
  artifacts.disk(past(builds.history.builds.at(-1)!), 0, 'disk');
  await browser.value('new Promise((resolve) => setTimeout(resolve, 5000))');
  const clicks = await browser.value<number[]>(CLICKS);
  return { map, click: median(clicks), clicks: clicks.length };
}

const WHEN_MAPPED = `new Promise(function look(resolve) {
  const tab = [...document.querySelectorAll('[role=tab]')].find((one) => one.textContent === 'Outputs');
  if (!tab) return requestAnimationFrame(() => look(resolve));
  const start = performance.now();
  tab.click();
  const wait = () => document.querySelector('.legend')?.textContent
    ? resolve(performance.now() - start) : requestAnimationFrame(wait);
  wait();
})`;

/** Until there is no next one. */
const CLICKS = `(async () => {
  const next = [...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('next change'));
  const times = [];
  for (let last = ''; ; ) {
    const start = performance.now();
    next.click();
    const found = await new Promise((resolve) => {
      const wait = () => {
        const title = document.querySelector('.cell h3')?.textContent ?? '';
        if (title !== last) resolve(title);
        else if (performance.now() - start > 3000) resolve(undefined);
        else requestAnimationFrame(wait);
      };
      wait();
    });
    if (found === undefined || times.length === 50) return times;
    times.push(performance.now() - start);
    last = found;
  }
})()`;

/** An action that makes a disk of a folder, as an installation does: with an ext4 of 20 GiB. */
function recordBuild(builds: StoredBuilds, folder: string, text: string): void {
  const tree = join(folder, `tree-${text}`);
  for (let index = 0; index < FILES; index++) {
    const below = join(tree, `folder${index % 100}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(
      join(below, `file${index}`),
      `${index} `.repeat(2000) + (index % (FILES / CHANGED) === 0 ? text : ''),
    );
  }
  const files = builds.tree(tree);
  builds.record(text === 'one' ? 1000 : 2000, [
    {
      ...{ label: '//disk', mnemonic: 'MakeDisk', outputs: { disk: diskOf(builds, folder, tree) } },
      inputs: { files: { node: files, origin: { type: 'source', path: join(builds.root, 'files') } } },
    },
  ]);
}

function diskOf(builds: StoredBuilds, folder: string, tree: string): Node {
  const raw = `${tree}.raw`;
  const file = openSync(raw, 'w');
  ftruncateSync(file, 20 * GIB);
  const sectors = (20 * GIB) / SECTOR - START;
  const partition = { number: 1, active: true, type: 0x83, start: START, sectors } as const;
  writeSync(file, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions: [partition] }));
  closeSync(file);
  const options = ['-q', '-t', 'ext4', '-U', '00000000-0000-0000-0000-000000000001', '-E'];
  const extended = `offset=${START * SECTOR},hash_seed=00000000-0000-0000-0000-000000000002,nodiscard`;
  execFileSync('mke2fs', [...options, extended, '-d', tree, raw, `${(sectors * SECTOR) / 4096}`], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin`, E2FSPROGS_FAKE_TIME: '1577836800' },
  });
  const extents = (dataRanges(raw) ?? []).map(({ offset, length }) => ({ start: offset, length, zero: false }));
  const to = join(folder, `disk-${builds.history.builds.length}`);
  rawToDisk(raw, to, extents.length > 0 ? { extents } : {});
  return builds.tree(to);
}
