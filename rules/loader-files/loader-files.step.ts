/** Finds the loader's files, checks what they are, and copies them with a `loader.json`. */
import type { ByteSource } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkInitrd, checkKernel } from './check.ts';
import { chooseFolder, hasLoader, LOADER_JSON, type FoundFile } from './choose.ts';
import { lookInto } from './find.ts';
import { identify } from './identify.ts';
import { unwrap } from './unwrap.ts';

interface Spec {
  readonly args: object;
  /** A folder or a disk image, packed or not. */
  readonly inputs: 'from';
  readonly outputs: 'loader';
}

const PIECE = 1024 * 1024;

export default step<Spec>(async ({ inputs, outputs, scratch, log }) => {
  const chosen = await findLoader(inputs.from, scratch, log);
  await mkdir(outputs.loader);
  for (const file of chosen) {
    log(`${file.name}: ${file.path}`);
    await copy(file, join(outputs.loader, file.name));
  }
  checkKernel(join(outputs.loader, 'zImage'));
  await checkInitrd(join(outputs.loader, 'rd.gz'));
  await checkInitrd(join(outputs.loader, 'extra.lzma'));
  if (chosen.some((file) => file.name === LOADER_JSON)) return;
  const identity = await identify(join(outputs.loader, 'rd.gz'));
  await writeFile(join(outputs.loader, LOADER_JSON), `${JSON.stringify(identity, undefined, 2)}\n`);
});

/** What lies plainly in a folder is meant, whatever is packed beside it. */
async function findLoader(from: string, scratch: string, log: (line: string) => void): Promise<readonly FoundFile[]> {
  const files: FoundFile[] = [];
  const places: string[] = [];
  for await (const opened of unwrap(from, scratch, log)) {
    const look = lookInto(opened);
    files.push(...look.files);
    places.push(...look.places);
    if (opened.isFolder && hasLoader(look.files)) break;
  }
  return chooseFolder(files, places);
}

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
