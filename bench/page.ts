/** Measures the page of a large build in Debian's Chromium, and what a build pays for having one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Store } from '../cache/store.ts';
import { parseLabel } from '../src/model/label.ts';
import { bundleAssets } from '../src/page/assets.ts';
import { BuildPage } from '../src/page/build-page.ts';
import { BuildHistory } from '../src/report/history/history.ts';
import { Browser, whyNoBrowser } from '../test/rig/browser.ts';
import { CHECKOUT } from '../test/rig/project.ts';
import { measureDisk } from './page-disk.ts';
import { median } from './timing.ts';

const HELP = `Usage: node bench/page.ts [--actions N] [--runs N] | --disk

Serves the page of a build of N actions (10000 by default) to Debian's headless Chromium, which is fetched where it is not
there. Prints the size of what is loaded, when the page was painted first and when it showed the build, how long the map of
the graph takes when it is asked for, and how long after an event the page showed it; the median of several runs (5 by default). Then how long the builder takes for the events of
such a build, three for each action. With --disk instead: how long a page of a disk of 20 GiB takes to show its map, and a
click on a cell that changed to show the file in it and its cause.
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    actions: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '5' },
    disk: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else if (values.disk) await measureMap();
else await measure(Number(values.actions), Number(values.runs));

async function measureMap(): Promise<void> {
  const missing = await whyNoBrowser();
  if (missing !== undefined) throw new Error(missing);
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-page-bench-'));
  try {
    const { map, click, clicks } = await measureDisk(folder, () => Browser.start(bubblewrap(), folder));
    say('map', `${map.toFixed(0)} ms`);
    say('click', `${click.toFixed(0)} ms, the median of ${clicks} cells`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(count: number, runs: number): Promise<void> {
  const missing = await whyNoBrowser();
  if (missing !== undefined) throw new Error(missing);
  const { script, style } = await bundleAssets();
  say(
    'script and style',
    `${gzipSync(script + style).length} B (gzip), ${brotliCompressSync(script + style).length} B (brotli)`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-page-bench-'));
  try {
    const measured: Figures[] = [];
    for (let run = 0; run < runs; run++) measured.push(await once(folder, count));
    for (const name of ['paint', 'shown', 'graph', 'event'] as const)
      say(name, `${median(measured.map((one) => one[name])).toFixed(0)} ms`);
    say('events', `${eventsMs(folder, count).toFixed(0)} ms`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a build pays: the page takes every event of it. */
function eventsMs(folder: string, count: number): number {
  using page = pageOf(folder, count);
  const start = performance.now();
  for (let place = 0; place < count; place++) {
    const action = { label: parseLabel(`//package${place % 50}:target${place}`), mnemonic: 'Make', ordinal: 0 };
    page.listen({ type: 'action-queued', key: 'k/1', ...action });
    page.listen({ type: 'action-started', key: 'k/1', vm: false, planMs: 1, waitedMs: 1, ...action });
    page.listen({ type: 'action-finished', key: 'k/1', outcome: 'executed', durationMs: 1, ...action });
  }
  return performance.now() - start;
}

function say(what: string, value: string): void {
  process.stdout.write(`  ${what}: ${value}\n`);
}

function pageOf(folder: string, count: number): BuildPage {
  const layers = 20;
  const each = Math.ceil(count / layers);
  const actions = Array.from({ length: count }, (_none, place) => {
    const inputs = place < each ? [] : [place - each, Math.max(0, place - each - 7)];
    return {
      label: `//package${place % 50}:target${place}`,
      mnemonic: 'Make',
      ordinal: 0,
      inputs: [...new Set(inputs)],
    };
  });
  const store = new Store(folder);
  return new BuildPage({
    head: { build: 'b', workspace: '/workspace', asked: ['//all'], startedAt: Date.now() },
    actions,
    settled: new Set(),
    sources: { store, root: '/workspace', history: new BuildHistory(join(folder, 'builds')) },
  });
}

interface Figures {
  readonly paint: number;
  readonly shown: number;
  readonly graph: number;
  readonly event: number;
}

async function once(folder: string, count: number): Promise<Figures> {
  using page = pageOf(folder, count);
  let address = '';
  await page.serve({ say: (line) => (address ||= line.replace('page: ', '')) });
  await using browser = await Browser.start(bubblewrap(), folder);
  await browser.open(address);
  const paint = await browser.value<number>(`new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntriesByName('first-contentful-paint')[0]?.startTime))
      .observe({ type: 'paint', buffered: true });
  })`);
  const shown = await browser.value<number>(`new Promise(function look(resolve) {
    if (document.querySelector('.row .name')?.textContent) resolve(performance.now());
    else requestAnimationFrame(() => look(resolve));
  })`);
  const graph = await browser.value<number>(`new Promise((resolve) => {
    const start = performance.now();
    [...document.querySelectorAll('[role=tab]')].find((one) => one.textContent === 'Map').click();
    const look = () => (document.querySelector('.map canvas')?.width ?? 0) > 300
      ? resolve(performance.now() - start) : requestAnimationFrame(look);
    look();
  })`);
  const seen = browser.value<number>(`new Promise((resolve) => {
    const look = () => document.body.innerText.includes('1 cause') && resolve(Date.now());
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  })`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const happened = Date.now();
  page.listen({
    ...{ type: 'action-finished', outcome: 'failed', durationMs: 1, mnemonic: 'Make', ordinal: 0 },
    label: parseLabel('//package7:target7'),
  });
  return { paint, shown, graph, event: (await seen) - happened };
}

function bubblewrap(): string {
  const found = join(CHECKOUT, 'node_modules/.cache/dsmb-test/bin/bwrap');
  const { status } = spawnSync(found, ['--version']);
  if (status !== 0) throw new Error('run the tests once: they unpack bubblewrap');
  return found;
}
