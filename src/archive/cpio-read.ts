/** Reads cpio newc archives as a stream: several archives in a row, padding between them, hostile input refused. */
import { fail } from '../step/index.ts';
import { ByteReader } from './byte-reader.ts';
import { CRC_MAGIC, HEADER_SIZE, MAX_NAME, NEWC_MAGIC, padding, TRAILER, TYPE_BITS } from './cpio-format.ts';
import type { CpioEntry, CpioType } from './cpio-format.ts';
import { nameOf } from './cpio-name.ts';
import { safePath } from './safe-path.ts';

/**
 * The entries of a (decompressed) cpio stream, in order. A body must be read before the next entry is asked for.
 * The root folder (`.`) is left out; trailers are passed over, so that an initrd of several archives reads as one.
 */
export async function* readCpio(source: AsyncIterable<Uint8Array>): AsyncGenerator<CpioEntry, void, undefined> {
  const reader = new ByteReader(source);
  try {
    let open = false;
    for (let archive = 0; ;) {
      const start = await skipZeros(reader);
      if (!start && open) corrupt(reader.offset, `the archive ends without '${TRAILER}'`);
      if (!start) return;
      open = true;
      const header = await readHeader(reader, start);
      if (header.name === TRAILER) {
        archive++;
        open = false;
        continue;
      }
      yield* entry(reader, header, archive);
    }
  } finally {
    await reader.close();
  }
}

interface RawHeader {
  /** Where the header starts, for messages. */
  readonly at: number;
  readonly name: string;
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly device: { readonly major: number; readonly minor: number };
}

/** Passes over padding between archives; gives the first four bytes of what follows. */
async function skipZeros(reader: ByteReader): Promise<Buffer | undefined> {
  for (;;) {
    const word = await reader.read(4);
    if (word.length === 0) return undefined;
    if (word.some((byte) => byte !== 0)) return word;
  }
}

async function readHeader(reader: ByteReader, start: Buffer): Promise<RawHeader> {
  const at = reader.offset - start.length;
  const text = Buffer.concat([start, await reader.read(HEADER_SIZE - start.length)]).toString('latin1');
  const magic = text.slice(0, 6);
  if (magic !== NEWC_MAGIC && magic !== CRC_MAGIC)
    return corrupt(at, `no cpio header: found ${JSON.stringify(magic)}`, 'only the "newc" format is read');
  if (text.length < HEADER_SIZE) return corrupt(at, 'the archive ends inside a header');
  const field = (index: number): number => {
    const digits = text.slice(6 + 8 * index, 14 + 8 * index);
    if (!/^[0-9A-Fa-f]{8}$/.test(digits))
      corrupt(at, `header field ${index} is ${JSON.stringify(digits)}, not a number`);
    return Number.parseInt(digits, 16);
  };
  return {
    at,
    name: await readName(reader, at, field(11)),
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size: field(6),
    device: { major: field(9), minor: field(10) },
  };
}

/** The name, its NUL and the padding after it. */
async function readName(reader: ByteReader, at: number, size: number): Promise<string> {
  if (size < 1 || size > MAX_NAME) corrupt(at, `an entry's name claims ${size} bytes`);
  const length = size + padding(HEADER_SIZE + size);
  const bytes = await reader.read(length);
  if (bytes.length < length) corrupt(at, 'the archive ends inside a name');
  if (bytes[size - 1] !== 0) corrupt(at, 'a name does not end with a zero byte');
  return nameOf(bytes.subarray(0, size - 1));
}

async function* entry(reader: ByteReader, header: RawHeader, archive: number) {
  const path = safePath(header.name, `cpio entry at offset ${header.at}`);
  const end = reader.offset + header.size;
  const body = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    while (reader.offset < end) yield (await reader.some(end - reader.offset)) ?? truncated(header, reader);
  };
  if (path !== '') {
    const type = typeOf(header);
    const found: CpioEntry = {
      path,
      type,
      mode: header.mode & 0o7777,
      size: header.size,
      mtime: header.mtime,
      uid: header.uid,
      gid: header.gid,
      bodyOffset: reader.offset,
      body,
      ...(type === 'character' || type === 'block' ? { device: header.device } : {}),
      ...(type === 'file' && header.links > 1 ? { link: `${archive}:${header.inode}` } : {}),
    };
    yield found;
  }
  if (reader.offset > end) corrupt(header.at, 'a body was read after its entry');
  const rest = end - reader.offset + padding(header.size);
  if ((await reader.skip(rest)) < rest && reader.offset < end) truncated(header, reader);
}

function typeOf(header: RawHeader): CpioType {
  const bits = header.mode & 0o170000;
  for (const [type, value] of Object.entries(TYPE_BITS)) if (value === bits) return type as CpioType;
  return corrupt(header.at, `'${header.name}' has the unknown mode ${header.mode.toString(8)}`);
}

function truncated(header: RawHeader, reader: ByteReader): never {
  return corrupt(
    reader.offset,
    `the archive ends inside '${header.name}' (${header.size} bytes from offset ${header.at})`,
  );
}

function corrupt(offset: number, message: string, hint?: string): never {
  fail('CPIO_CORRUPT', `cpio, offset ${offset}: ${message}`, hint === undefined ? {} : { hint });
}
