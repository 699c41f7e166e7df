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
  summary: 'remove from the store what was not used for long',
  usage: '[--max-size SIZE] [--max-age AGE]',
  examples: [
    ['dsmb gc', 'what builds do by themselves once a day: 60 GiB and 30 days are the bounds'],
    ['dsmb gc --dry-run', 'say what would go'],
    ['dsmb gc --max-size 20GiB', 'the least recently used goes until the rest fits'],
    ['dsmb gc --max-age 0d', 'all that neither the last outputs nor `dsmb keep` need'],
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
      help: 'since the last use: 30d, 12h, or none (default: $DSMB_MAX_AGE or 30d)',
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
      hint: 'wait for it, then run it again',
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
      ? 'roots alone need more: dsmb clean, dsmb keep --remove //x'
      : 'the rest is in use: try again later';
  return `the store is larger than ${formatBytes(maxSize)}: ${remedy}`;
}
