/** Packs a .pat: a plain tar whose `checksum.syno` vouches for every file. */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { step } from 'dsmb/step';
import { pack } from 'tar-stream';
import { formatChecksums, sumOf, type FileSum } from '../rules/installed-disk/syno-checksum.ts';
import { addFile } from './tar-file.ts';

interface Spec {
  readonly args: {
    /** The text of `VERSION`. */
    readonly version: string;
  };
  readonly inputs: 'zImage' | 'rd' | 'system';
  readonly outputs: 'pat';
}

interface Member {
  readonly size: number;
  readonly read: () => AsyncIterable<Uint8Array>;
}

const UPDATER = '#!/bin/sh\n# The stand-in updates nothing.\n';

export default step<Spec>(async ({ args, inputs, outputs, epoch }) => {
  const members = new Map<string, Member>([
    ['VERSION', ofText(args.version)],
    ['hda1.tgz', ofFile(inputs.system)],
    ['zImage', ofFile(inputs.zImage)],
    ['rd.gz', ofFile(inputs.rd)],
    ['updater', ofText(UPDATER)],
    ['texts/enu/strings', ofText('[common]\n')],
  ]);
  const sums = new Map<string, FileSum>();
  for (const [name, { size, read }] of members) sums.set(name, await sumOf(read(), size));
  members.set('checksum.syno', ofText(formatChecksums(sums)));
  await writeTar(members, outputs.pat, epoch);
});

async function writeTar(members: ReadonlyMap<string, Member>, to: string, epoch: number): Promise<void> {
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(to));
  for (const [name, { size, read }] of members)
    await addFile(archive, { name, size, mode: 0o644, mtime: new Date(epoch * 1000), uid: 0, gid: 0 }, read());
  archive.finalize();
  await writing;
}

function ofText(text: string): Member {
  const bytes = Buffer.from(text);
  return { size: bytes.length, read: () => Readable.from([bytes], { objectMode: false }) };
}

function ofFile(path: string): Member {
  return { size: statSync(path).size, read: () => createReadStream(path) };
}
