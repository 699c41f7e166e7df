/** `dsmb info`: versions, the store with its sizes, and what this machine offers. */
import { join, relative } from 'node:path';
import { boundOf } from '../../cache/collect/bound.ts';
import { bytesOnDisk, entriesOf, shardedEntries } from '../../cache/collect/quiet.ts';
import { Store, storeRoot } from '../../cache/store.ts';
import { kvmRefused, readKvmAnswer } from '../execute/sandbox/kvm-answer.ts';
import { findWorkspace } from '../load/workspace.ts';
import { alignColumns, formatBytes } from '../report/format.ts';
import type { Call, Command } from './command.ts';
import { remoteSettings } from './remote.ts';
import { EXIT } from './exit.ts';
import { version } from './help.ts';
import { printJson, printLine } from '../report/print.ts';

export const info: Command = {
  name: 'info',
  summary: 'show versions, the store and its sizes, and the workspace',
  usage: '',
  examples: [
    ['dsmb info', 'for you, and for bug reports'],
    ['dsmb info --json', 'the same for programs'],
  ],
  options: { json: { type: 'boolean', help: 'as JSON' } },
  run: async (call) => runInfo(call),
};

interface Part {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

function runInfo(call: Call): number {
  const store = new Store(storeRoot());
  const parts = partsOf(store);
  const facts = {
    version: version(),
    workspace: workspaceOrNone(),
    store: store.root,
    downloads: store.downloads,
    maxSize: boundOf().maxSize,
    maxAgeDays: boundOf().maxAge / 86_400_000,
    roots: { kept: store.roots.kept().length, delivered: store.roots.delivered().length },
    runningBuilds: store.presence.all().filter(({ role }) => role === 'build').length,
    accelerator: accelerator(store),
    ...remoteFacts(),
  };
  if (call.flag('json')) printJson({ ...facts, parts });
  else printLine(report(facts, parts));
  return EXIT.ok;
}

type Facts = Record<string, unknown> & { maxSize: number; roots: { kept: number; delivered: number } };

function report(facts: Facts, parts: readonly Part[]): string {
  const { roots, maxSize, maxAgeDays, ...rest } = facts;
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = [
    ...Object.entries(rest).map(([name, value]) => [inWords(name), String(value)]),
    ['roots', `${roots.kept} kept, ${roots.delivered} delivered`],
    [
      'bounds',
      `${Number.isFinite(maxSize) ? formatBytes(maxSize) : 'any size'}, ${String(maxAgeDays)} days since the last use`,
    ],
    ['on disk', formatBytes(total)],
  ];
  const sizes = parts.map(({ name, count, bytes }) => [`  ${name}`, String(count), formatBytes(bytes)]);
  return [...alignColumns(rows), ...alignColumns(sizes)].join('\n');
}

/** `remoteCache` as one reads it. */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** What each folder of the store takes; a tree folder's files are links to blobs, which are counted there. */
function partsOf({ root, downloads }: Store): Part[] {
  const folders = entriesOf(root).filter((entry) => entry.isDirectory());
  const inside = folders.map(({ name }) => {
    const sharded = [...shardedEntries(join(root, name))];
    const bytes = name === 'trees.v1' ? 0 : bytesOnDisk(join(root, name));
    return { name, count: SHARDED.has(name) ? sharded.length : entriesOf(root, name).length, bytes };
  });
  const outside = relative(root, downloads).startsWith('..')
    ? [{ name: downloads, count: entriesOf(downloads, 'debs').length, bytes: bytesOnDisk(downloads) }]
    : [];
  return [...inside, ...outside].sort((a, b) => b.bytes - a.bytes);
}

const SHARDED = new Set(['cas.v1', 'exec.v1', 'ac.v1', 'trees.v1', 'parts.v1']);

function workspaceOrNone(): string {
  try {
    return findWorkspace(process.cwd());
  } catch {
    return 'none here';
  }
}

/** Where builds of this workspace read and write results, and run actions, without options that say otherwise. */
function remoteFacts(): Record<'remoteCache' | 'remoteCacheWrite' | 'remoteExecutor', string> {
  const { reads = 'none', writes = 'none', executes = 'none' } = remoteSettings(workspaceOrNone());
  return { remoteCache: reads, remoteCacheWrite: writes, remoteExecutor: executes };
}

/** What virtual machines run under; whether KVM works is what the last one found. */
function accelerator({ root }: Store): string {
  const refused = kvmRefused();
  if (refused) return `TCG (${refused})`;
  const answer = readKvmAnswer(root);
  if (!answer) return 'not tried yet';
  return answer.works ? 'KVM' : 'TCG (KVM does not run guests here)';
}
