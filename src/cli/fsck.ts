/** `dsmb fsck`: verifies all that lies in the store. */
import { check, type Checked } from '../../cache/check/check.ts';
import type { Finding } from '../../cache/check/finding.ts';
import { Store, storeRoot } from '../../cache/store.ts';
import { checkAssembledDisks } from '../execute/action/assembled-check.ts';
import { formatBytes, palette, plural } from '../report/format.ts';
import { labelsByKey } from '../report/history/labels.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { progressLine } from './progress-line.ts';
import { printJson, printLine } from '../report/print.ts';

export const fsck: Command = {
  name: 'fsck',
  summary: 'verify the store: every blob by its content, every result by what it needs',
  usage: '[--repair]',
  examples: [
    ['dsmb fsck', 'show what is broken, and which targets need it'],
    ['dsmb fsck --repair', 'remove what is broken, so that the next build makes it again'],
  ],
  options: {
    repair: { type: 'boolean', help: 'remove what is broken, and reset modes and times' },
    json: { type: 'boolean', help: 'the findings as JSON' },
  },
  run: runFsck,
};

async function runFsck(call: Call): Promise<number> {
  const store = new Store(storeRoot());
  const repair = call.flag('repair');
  if (repair) await store.sweep();
  const checked = await checkWithProgress(store, repair);
  const labels = labelsByKey(store);
  const named = checked.findings.map((finding) => ({ ...finding, labels: labelsOf(finding, labels) }));
  if (call.flag('json')) printJson({ ...checked, findings: named, repaired: repair });
  else for (const line of report(checked, named, repair)) printLine(line);
  const open = named.filter((finding) => finding.problem && !(repair && finding.repair !== 'none'));
  return open.some(({ kind, repair: remedy }) => kind !== 'foreign' || remedy !== 'none') ? EXIT.buildFailed : EXIT.ok;
}

async function checkWithProgress(store: Store, repair: boolean): Promise<Checked> {
  using line = progressLine('checking blobs');
  return await check(store, {
    repair,
    more: checkAssembledDisks,
    onProgress: (done, total) => line.show((100 * done) / total),
  });
}

type Named = Finding & { readonly labels: readonly string[] };

function labelsOf({ keys }: Finding, labels: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...new Set(keys.flatMap((key) => [...(labels.get(key) ?? [])]))].sort();
}

function report({ blobs, bytes, records }: Checked, findings: readonly Named[], repair: boolean): string[] {
  const { red, dim, yellow } = palette(process.stdout);
  const lines = findings.map(({ kind, path, problem, repair: remedy, labels }) => {
    const done = remedy === 'remove' ? 'removed' : 'mended';
    const word = remedy === 'none' ? yellow('note') : repair ? done : red('broken');
    const whose = labels.length > 0 ? ` ${dim(`(${labels.join(', ')})`)}` : '';
    return `${word} ${kind} ${path}: ${problem}${whose}`;
  });
  const removed = findings.filter(({ repair: remedy }) => remedy === 'remove').length;
  const reset = findings.filter(({ repair: remedy }) => remedy === 'reset').length;
  const broken = removed + reset;
  const verdict =
    broken === 0
      ? 'the store is sound'
      : repair
        ? `${removed} removed, to be made again, ${reset} repaired`
        : `${broken} broken: dsmb fsck --repair removes what cannot be repaired`;
  return [...lines, `${verdict}; ${plural(blobs, 'sound blob')} (${formatBytes(bytes)}), ${plural(records, 'record')}`];
}
