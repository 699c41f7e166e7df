/** `dsmb disk info`: what is on a disk, and whether it is whole. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKSUMS, describeDisk, inspectDisk, readChecksums, type Checksums } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { digest, formatDigest } from '../../model/digest.ts';
import { formatDiskInfo, type Verification } from '../../report/disk-info.ts';
import { plural } from '../../report/format.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { progressLine } from '../progress-line.ts';
import { givenDigest, treeChecksums, treeDigest } from './digests.ts';
import { DISK, DISK_OPTIONS, openOperand, type OpenedDisk } from './operand.ts';
import { printJson, printText } from '../../report/print.ts';

export const info: Command = {
  name: 'disk info',
  summary: 'size, partitions, file systems, arrays, boot loader',
  usage: `${DISK} [--verify] [--json]`,
  examples: [
    ['dsmb disk info //bootableDisk', 'what a target was built to'],
    ['dsmb disk info disk.raw --json', 'a raw image, for programs'],
    ['dsmb disk info --verify copied-folder', 'read every block and name what is damaged or missing'],
  ],
  options: {
    ...DISK_OPTIONS,
    verify: { type: 'boolean', help: 'read every block of a disk folder and compare it with its SHA-256' },
    digest: { type: 'string', value: 'HASH/SIZE', help: 'with --verify: the disk must have this digest' },
  },
  run: runInfo,
};

async function runInfo(call: Call): Promise<number> {
  const [operand, ...rest] = call.operands;
  if (operand === undefined || rest.length > 0)
    fail('USAGE', 'dsmb disk info needs one disk', { hint: info.examples[0]![0] });
  if (call.text('digest') !== undefined && !call.flag('verify'))
    fail('USAGE', '--digest needs --verify, which reads the disk', {
      hint: `dsmb disk info --verify --digest ${call.text('digest')} ${operand}`,
    });
  const verification = call.flag('verify') ? await verify(call, operand) : undefined;
  using opened = await openOperand(call, operand);
  const description = describeDisk(opened.disk);
  const identity = opened.tree ? { digest: formatDigest(opened.tree.digest) } : {};
  const result = { name: operand, ...identity, ...description, ...(verification ? { verification } : {}) };
  if (call.flag('json')) printJson(result, jsonValue);
  else printText(formatDiskInfo(result));
  return EXIT.ok;
}

/** Fails with all that is damaged; a folder whose manifest is broken cannot even be opened as a disk. */
async function verify(call: Call, operand: string): Promise<Verification> {
  const given = call.text('digest');
  const wanted = given === undefined ? undefined : formatDigest(givenDigest(given));
  const { folder, expected, against } = await verified(call, operand);
  using progress = progressLine('verifying');
  const { damage, checksums } = inspectDisk(folder, { ...(expected ? { expected } : {}), progress: progress.show });
  if (damage.length > 0)
    fail('DISK_DAMAGED', `${operand} is damaged: ${plural(damage.length, 'file')}`, {
      detail: damage.map(({ path, problem }) => `${path} ${problem}`).join('\n'),
    });
  const files = [...checksums].map(([path, hash]) => [path, digest(hash, statSync(join(folder, path)).size)] as const);
  const found = treeDigest(new Map(files));
  if (wanted !== undefined && wanted !== formatDigest(found))
    fail('DISK_DAMAGED', `${operand} is not the disk that you expect`, {
      detail: `its digest is ${formatDigest(found)}, not ${wanted}`,
    });
  return { files: checksums.size, digest: formatDigest(found), against: wanted === undefined ? against : 'its digest' };
}

interface Verified {
  readonly folder: string;
  readonly expected?: Checksums;
  readonly against: Verification['against'];
}

async function verified(call: Call, operand: string): Promise<Verified> {
  const isFolder = !operand.startsWith('//') && statSync(operand, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder) {
    const expected = readChecksums(operand);
    return expected ? { folder: operand, expected, against: CHECKSUMS } : { folder: operand, against: 'nothing' };
  }
  using opened = await openOperand(call, operand);
  return { ...storedDisk(opened), against: 'the store' };
}

function storedDisk({ name, folder, tree, store }: OpenedDisk): Pick<Verified, 'folder' | 'expected'> {
  if (folder === undefined || !tree || !store)
    return fail('USAGE', `${name} is a raw image, which holds no checksums`, {
      hint: 'compare it with a disk instead: dsmb disk diff',
    });
  return { folder, expected: treeChecksums(store.trees, tree) };
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
