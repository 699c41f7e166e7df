/** Finds the loader's files, checks what they are, and copies them with a `loader.json`. */
import { compressionOf } from 'dsmb/archive';
import type { ByteSource } from 'dsmb/disk';
import { fail, step } from 'dsmb/step';
import { createWriteStream } from 'node:fs';
import { mkdir, open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { chooseFolder, LOADER_JSON, type FoundFile } from './choose.ts';
import { filesInFolder, filesInImage } from './find.ts';
import { identify } from './identify.ts';

interface Spec {
  readonly args: object;
  /** A folder or a disk image. */
  readonly inputs: 'from';
  readonly outputs: 'loader';
}

const PIECE = 1024 * 1024;

export default step<Spec>(async ({ inputs, outputs, log }) => {
  const isFolder = (await stat(inputs.from)).isDirectory();
  const chosen = chooseFolder(isFolder ? filesInFolder(inputs.from) : filesInImage(inputs.from));
  await mkdir(outputs.loader);
  for (const file of chosen) {
    log(`${file.name}: ${file.path}`);
    await copy(file, join(outputs.loader, file.name));
  }
  await checkKernel(join(outputs.loader, 'zImage'));
  await checkCompressed(join(outputs.loader, 'rd.gz'));
  await checkCompressed(join(outputs.loader, 'extra.lzma'));
  if (chosen.some((file) => file.name === LOADER_JSON)) return;
  const identity = await identify(join(outputs.loader, 'rd.gz'));
  await writeFile(join(outputs.loader, LOADER_JSON), `${JSON.stringify(identity, undefined, 2)}\n`);
});

async function copy(file: FoundFile, to: string): Promise<void> {
  const { source, close } = file.open();
  try {
    await pipeline(pieces(source), createWriteStream(to, { flags: 'wx' }));
  } finally {
    close();
  }
}

function* pieces(source: ByteSource): Generator<Buffer> {
  for (let at = 0; at < source.size; at += PIECE) yield source.read(at, Math.min(PIECE, source.size - at));
}

/** The magic of Linux' boot protocol (Documentation/arch/x86/boot.rst) at 0x202. */
async function checkKernel(file: string): Promise<void> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0x202);
    if (buffer.toString('latin1') !== 'HdrS') fail('LOADER_FILE_WRONG', 'zImage is no Linux kernel for x86', HINT);
  } finally {
    await handle.close();
  }
}

async function checkCompressed(file: string): Promise<void> {
  if ((await compressionOf(file)) === 'none')
    fail('LOADER_FILE_WRONG', `${file.split('/').at(-1)} is not compressed with LZMA, xz or gzip`, HINT);
}

const HINT = { hint: 'the file may be damaged: compare its checksum with the one it was published with' };
