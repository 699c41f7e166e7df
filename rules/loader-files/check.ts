/** Whether the loader's files are what they are called: found out here, and not minutes later in a machine. */
import { compressionOf, decompressed, readCpio } from 'dsmb/archive';
import { fileSource } from 'dsmb/disk';
import { fail, Failure } from 'dsmb/step';
import { basename } from 'node:path';
import { formOfFile } from '../downloaded/form.ts';

const HINT = 'the file may be damaged: compare its checksum with the one it was published with';

/** The magic of Linux' boot protocol (Documentation/arch/x86/boot.rst) at 0x202. */
const KERNEL = { magic: 'HdrS', at: 0x202 };
/** Where the kernel looks for updates of processors, before the initrd proper. */
const MICROCODE = 'kernel/x86/microcode';
/** Compressions that `decompressed` reads, beside LZMA, which has no mark. */
const READ = ['gzip', 'xz'];

/** Fails with LOADER_FILE_WRONG for what is no Linux kernel for x86. */
export function checkKernel(file: string): void {
  using source = fileSource(file);
  const { magic, at } = KERNEL;
  const isKernel = source.size >= at + magic.length && source.read(at, magic.length).toString('latin1') === magic;
  if (!isKernel) wrong('zImage is no Linux kernel for x86');
}

/** Reads an initrd to its end. Fails with LOADER_FILE_WRONG for one that is cut, damaged, or packed in another way. */
export async function checkInitrd(file: string): Promise<void> {
  const name = basename(file);
  const form = formOfFile(file);
  if (form?.type === 'compressed' && !READ.includes(form.name))
    wrong(`${name} is compressed with ${form.name}; gzip, xz, LZMA and none at all can be read`);
  const { paths, problem } = await readWhole(file);
  if (problem === undefined) return paths.length === 0 ? wrong(`${name} is empty`) : undefined;
  if (paths.some((path) => path.startsWith(MICROCODE)))
    wrong(`${name} begins with microcode for processors: give the part behind it`);
  const isPlain = paths.length === 0 && (await compressionOf(file)) === 'none';
  wrong(
    `${name} is ${isPlain ? 'no initrd: it is not compressed with LZMA, xz or gzip' : 'cut off or damaged'}`,
    problem,
  );
}

/** Names in an initrd up to its end, or up to what is wrong with it. */
async function readWhole(file: string): Promise<{ readonly paths: readonly string[]; readonly problem?: string }> {
  const paths: string[] = [];
  let unpacking: Failure | undefined;
  try {
    for await (const { path } of readCpio(upToFailure(decompressed(file), (failure) => (unpacking = failure))))
      paths.push(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { paths, problem: textOf(unpacking ?? error) };
  }
  return paths.length === 0 && unpacking ? { paths, problem: textOf(unpacking) } : { paths };
}

function textOf({ diagnostic: { message, detail = message } }: Failure): string {
  return detail;
}

/** What stands behind a whole archive may be anything: some loaders sign theirs there. */
async function* upToFailure(
  content: AsyncIterable<Buffer>,
  onFailure: (failure: Failure) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    onFailure(error);
  }
}

function wrong(message: string, detail?: string): never {
  fail('LOADER_FILE_WRONG', message, { hint: HINT, ...(detail === undefined ? {} : { detail }) });
}
