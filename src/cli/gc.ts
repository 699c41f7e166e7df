/** `dsmb gc`: takes from the store what was not used for long, and the oldest when it is too large. */
import { boundOf, collectNow, parseAge, parseSize } from '../../cache/collect/bound.ts';
import type { Bound, Collected } from '../../cache/collect/collect.ts';
import { Store, storeRoot } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { alignColumns, formatBytes, formatDuration, plural } from '../report/format.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printJson, printLine } from '../report/print.ts';

export const gc: Command = {
  name: 'gc',
  summary: 'remove from the store what has not been used for a long time',
  usage: '[--max-size SIZE] [--max-age AGE]',
  examples: [
    ['dsmb gc', 'do what builds do once a day: keep 60 GiB, and what was used within 30 days'],
    ['dsmb gc --dry-run', 'show what would be removed'],
    ['dsmb gc --max-size 20GiB', 'remove the least recently used until the rest fits'],
    ['dsmb gc --max-age 0d', 'remove everything that neither the last outputs nor `dsmb keep` need'],
  ],
  options: {
    'max-size': {
      type: 'string',
      value: 'SIZE',
      help: 'for example 20GiB, or none (default: $DSMB_MAX_SIZE or 60GiB)',
    },
    'max-age': {
      type: 'string',
      value: 'AGE',
      help: 'time since the last use: 30d, 12h, or none (default: $DSMB_MAX_AGE or 30d)',
    },
    'dry-run': { type: 'boolean', short: 'n', help: 'remove nothing' },
    json: { type: 'boolean', help: 'the figures as JSON' },
  },
  run: runGc,
};

async function runGc(call: Call): Promise<number> {
  const store = new Store(storeRoot());
  const bound = boundFrom(call);
  const started = performance.now();
  const dryRun = call.flag('dry-run');
  if (!dryRun) await store.sweep();
  const collected =
    (await collectNow(store, { ...bound, dryRun })) ??
    fail('GC_RUNNING', 'another process is collecting garbage in this store', {
      hint: 'wait for it to end, then run the same command again',
    });
  if (call.flag('json')) printJson(collected);
  else printLine(report(collected, bound, performance.now() - started));
  return EXIT.ok;
}

function boundFrom(call: Call): Bound {
  const { maxSize, maxAge } = boundOf();
  const size = call.text('max-size');
  const age = call.text('max-age');
  return {
    maxSize: size === undefined ? maxSize : parseSize(size, '--max-size'),
    maxAge: age === undefined ? maxAge : parseAge(age, '--max-age'),
  };
}

function report(collected: Collected, { maxSize }: Bound, durationMs: number): string {
  const { removed, removedBytes, keptBytes, rootBytes, roots, runningBuilds, dryRun } = collected;
  const rows = Object.entries(removed).map(([kind, { count, bytes }]) => [
    `  ${plural(count, kind)}`,
    formatBytes(bytes),
  ]);
  return [
    ...alignColumns(rows),
    `${dryRun ? 'would remove' : 'removed'} ${formatBytes(removedBytes)} in ${formatDuration(durationMs)}; ${formatBytes(keptBytes)} kept`,
    `${plural(roots, 'root')} ${roots === 1 ? 'needs' : 'need'} ${formatBytes(rootBytes)} of it (dsmb keep --list)`,
    ...(runningBuilds > 0 ? [`spared what ${plural(runningBuilds, 'running build')} may use`] : []),
    ...(keptBytes > maxSize ? [tooLarge(maxSize, rootBytes)] : []),
  ].join('\n');
}

function tooLarge(maxSize: number, rootBytes: number): string {
  const remedy =
    rootBytes > maxSize
      ? 'what is kept needs more: dsmb clean, dsmb keep --remove //x'
      : 'the rest is in use: try again later';
  return `the store is larger than ${formatBytes(maxSize)}: ${remedy}`;
}
