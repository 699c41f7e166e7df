/** Sections of 64-bit little-endian ELF files, as far as kernel modules need it (System V ABI, chapter 4). */
import { fail } from '../step/index.ts';

const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;

/** The bytes of a section; undefined where the file has none of that name. `name` is for messages. */
export function elfSection(file: Buffer, section: string, name: string): Buffer | undefined {
  const isElf64 = file.length >= HEADER_SIZE && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64) return corrupt(name, 'it is not a 64-bit little-endian ELF file');
  const table = Number(file.readBigUInt64LE(0x28));
  const size = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  if (size < SECTION_HEADER_SIZE || table + size * count > file.length)
    return corrupt(name, 'its section table lies outside of the file');
  const header = (index: number) => file.subarray(table + index * size, table + (index + 1) * size);
  const namesIndex = file.readUInt16LE(0x3e);
  if (namesIndex >= count) return corrupt(name, 'it has no table of section names');
  const names = content(file, header(namesIndex), name);
  for (let index = 0; index < count; index++)
    if (textAt(names, header(index).readUInt32LE(0)) === section) return content(file, header(index), name);
  return undefined;
}

function content(file: Buffer, header: Buffer, name: string): Buffer {
  const offset = Number(header.readBigUInt64LE(0x18));
  const size = Number(header.readBigUInt64LE(0x20));
  if (offset + size > file.length) return corrupt(name, 'a section lies outside of the file');
  return file.subarray(offset, offset + size);
}

function textAt(names: Buffer, start: number): string {
  const end = names.indexOf(0, start);
  return end < 0 ? '' : names.toString('latin1', start, end);
}

function corrupt(name: string, message: string): never {
  fail('ELF_CORRUPT', `${name}: ${message}`);
}
