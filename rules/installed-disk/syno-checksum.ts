/**
 * The format of `checksum.syno`: a line `crc32 size name x y` for each file, and a footer with the sums of size, x
 * and y. `x` and `y` depend on four bytes at a place that follows from the file's size.
 */
import { crc32 } from 'node:zlib';
import { fail } from 'dsmb/step';

/** What the checksum says about one file. */
export interface FileSum {
  readonly crc: number;
  /** Bytes. */
  readonly size: number;
  readonly x: number;
  readonly y: number;
}

/** The checksum file: its lines, by name, and what the footer claims that they add up to. */
export interface ChecksumFile {
  readonly files: ReadonlyMap<string, FileSum>;
  readonly footer: { readonly size: number; readonly x: number; readonly y: number };
}

/** The first number of the C library's generator, by which the place in the file is chosen. */
const FIRST_RANDOM = 1804289383;
const SAMPLE_BYTES = 4;
/** An empty file has no bytes to look at; the original program writes these. */
const EMPTY: FileSum = { crc: 0, size: 0, x: 0, y: 2767 };

const LINE = /^(\d{1,10}) (\d{1,15}) (\S.*) (-?\d{1,10}) (-?\d{1,10})$/;
const FOOTER = /^#Synocksum (\d{1,15}) (-?\d{1,10}) (-?\d{1,10})$/;

/** Where the four bytes are, for a size in bytes. */
export function sampleOffset(size: number): number {
  const offset = FIRST_RANDOM % size;
  const moved = size - offset < SAMPLE_BYTES ? size - 5 : offset;
  if (moved === 0) return 1;
  return Math.max(0, moved);
}

/** Reads a file of known size to its end. */
export async function sumOf(chunks: AsyncIterable<Uint8Array>, size: number): Promise<FileSum> {
  const offset = size === 0 ? 0 : sampleOffset(size);
  let position = 0;
  let crc = 0;
  let y = 0;
  for await (const chunk of chunks) {
    crc = crc32(chunk, crc);
    const from = Math.max(0, offset - position);
    const to = Math.max(0, offset + SAMPLE_BYTES - position);
    for (const byte of chunk.subarray(from, to)) y += byte;
    position += chunk.length;
  }
  return position === 0 ? EMPTY : { crc, size: position, x: int32(offset + position), y };
}

/** Reads the text of a `checksum.syno`. */
export function parseChecksums(text: string): ChecksumFile {
  const files = new Map<string, FileSum>();
  let footer: ChecksumFile['footer'] | undefined;
  for (const line of text.split(/\r?\n/).filter((each) => each !== '')) {
    const [, size, x, y] = FOOTER.exec(line) ?? [];
    if (size !== undefined) footer = { size: Number(size), x: Number(x), y: Number(y) };
    else if (!line.startsWith('#')) addLine(files, line);
  }
  if (!footer) return fail('PAT_CHECKSUM', 'checksum.syno has no footer (#Synocksum): it is cut off');
  return { files, footer };
}

function addLine(files: Map<string, FileSum>, line: string): void {
  const [, crc, size, name, x, y] = LINE.exec(line) ?? [];
  if (name === undefined) fail('PAT_CHECKSUM', `a line of checksum.syno cannot be read: ${JSON.stringify(line)}`);
  if (files.has(name)) fail('PAT_CHECKSUM', `checksum.syno names ${name} twice`);
  files.set(name, { crc: Number(crc), size: Number(size), x: Number(x), y: Number(y) });
}

/** What is wrong, in a line each; empty where all is as the checksum says. */
export function differences(claimed: ChecksumFile, found: ReadonlyMap<string, FileSum>): string[] {
  const wrong: string[] = [];
  for (const [name, claim] of claimed.files) {
    const sum = found.get(name);
    if (!sum) wrong.push(`${name}: named in checksum.syno, but not in the archive`);
    else if (format(sum) !== format(claim))
      wrong.push(`${name}: checksum.syno says ${format(claim)}; the file has ${format(sum)}`);
  }
  const lines = [...claimed.files.values()];
  for (const field of ['size', 'x', 'y'] as const) {
    const sum = lines.reduce((total, line) => total + line[field], 0);
    if (int32(sum) !== int32(claimed.footer[field]))
      wrong.push(`footer: the lines' ${field} add up to ${sum}; the footer says ${claimed.footer[field]}`);
  }
  return wrong;
}

/** The text of a `checksum.syno` for these files. */
export function formatChecksums(files: ReadonlyMap<string, FileSum>): string {
  const all = [...files];
  const sum = (field: 'size' | 'x' | 'y'): number => all.reduce((total, [, file]) => total + file[field], 0);
  const lines = all.map(([name, { crc, size, x, y }]) => `${crc} ${size} ${name} ${x} ${y}\n`);
  return `${lines.join('')}#Synocksum ${sum('size')} ${int32(sum('x'))} ${int32(sum('y'))}\n`;
}

function format({ crc, size, x, y }: FileSum): string {
  return `crc ${crc}, size ${size}, x ${x}, y ${y}`;
}

/** The original keeps x, y and their sums in C ints. */
function int32(value: number): number {
  return Number(BigInt.asIntN(32, BigInt(value)));
}
