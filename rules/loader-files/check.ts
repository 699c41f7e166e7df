/** Whether the loader's files are what they are called: found out here, and not minutes later in a machine. */
import { compressionOf, decompressed, readCpio } from 'dsmb/archive';
import { fail, Failure } from 'dsmb/step';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';

const HINT = 'the file may be damaged: compare its checksum with the one it was published with';

/** The magic of Linux' boot protocol (Documentation/arch/x86/boot.rst) at 0x202. */
const KERNEL = { magic: 'HdrS', at: 0x202 };
/** Where the kernel looks for updates of processors, before the initrd proper. */
const MICROCODE = 'kernel/x86/microcode';
/** Compressions that Linux knows and nothing here reads. */
const UNREAD: readonly (readonly [magic: string, name: string])[] = [
  ['28b52ffd', 'zstd'],
  ['02214c18', 'lz4'],
  ['04224d18', 'lz4'],
  ['425a68', 'bzip2'],
  ['894c5a4f', 'lzo'],
];

/** Fails with LOADER_FILE_WRONG for what is no Linux kernel for x86. */
export async function checkKernel(file: string): Promise<void> {
  const magic = await bytesAt(file, KERNEL.at, KERNEL.magic.length);
  if (magic.toString('latin1') !== KERNEL.magic) wrong('zImage is no Linux kernel for x86');
}

/** Reads an initrd to its end. Fails with LOADER_FILE_WRONG for one that is cut, damaged, or packed in another way. */
export async function checkInitrd(file: string): Promise<void> {
  const name = basename(file);
  const start = (await bytesAt(file, 0, 4)).toString('hex');
  const unread = UNREAD.find(([magic]) => start.startsWith(magic));
  if (unread) wrong(`${name} is compressed with ${unread[1]}; gzip, xz, LZMA and none at all can be read`);
  const paths: string[] = [];
  let failure: unknown;
  try {
    for await (const { path } of readCpio(upToFailure(decompressed(file), (error) => (failure = error))))
      paths.push(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (paths.some((path) => path.startsWith(MICROCODE)))
      wrong(`${name} begins with microcode for processors: give the part behind it`);
    const compression = await compressionOf(file);
    const unpacked = failure instanceof Failure ? failure.diagnostic : error.diagnostic;
    if (paths.length === 0 && compression === 'none')
      wrong(`${name} is no initrd: it is not compressed with LZMA, xz or gzip`, unpacked.message);
    wrong(`${name} is cut off or damaged`, unpacked.detail ?? unpacked.message);
  }
  if (paths.length === 0 && failure instanceof Failure)
    wrong(`${name} is cut off or damaged`, failure.diagnostic.detail ?? failure.diagnostic.message);
  if (paths.length === 0) wrong(`${name} is empty`);
}

/** What stands behind a whole archive may be anything: some loaders sign theirs there. */
async function* upToFailure(
  content: AsyncIterable<Buffer>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    onFailure(error);
  }
}

async function bytesAt(file: string, at: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function wrong(message: string, detail?: string): never {
  fail('LOADER_FILE_WRONG', message, { hint: HINT, ...(detail === undefined ? {} : { detail }) });
}
