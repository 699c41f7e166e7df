/** cpio newc archives: header fields of each member, then their contents; several archives in a row, as in an initrd. */
import type { ByteSource } from '../disk/index.ts';
import { fail } from '../model/diagnostic.ts';
import { compareEntries, compareOrder, keyed } from './entries.ts';
import type { Comparer, Finding, Inside } from './finding.ts';
import { compareDescribed, type Field } from './record.ts';
import { formatTime, printableName, quote, type Show } from './show.ts';

interface Member {
  readonly header: Buffer;
  readonly body: ByteSource;
}

const HEADER = 110;
const MAX_NAME = 4096;
const MAX_MEMBERS = 200_000;
const TRAILER = 'TRAILER!!!';
/** What follows an archive and is none: the compressed rest of an initrd. */
const REST = 'what follows';

const decimal: Show = (bytes) => String(Number.parseInt(bytes.toString('latin1'), 16));
const octal: Show = (bytes) => `0${Number.parseInt(bytes.toString('latin1'), 16).toString(8)}`;
const time: Show = (bytes) => formatTime(Number.parseInt(bytes.toString('latin1'), 16));

const field = (index: number, name: string, show: Show = decimal, derived = false): Field => ({
  name,
  at: 6 + 8 * index,
  size: 8,
  show,
  derived,
});

const FIELDS: readonly Field[] = [
  { name: 'magic', at: 0, size: 6, show: (bytes) => quote(bytes.toString('latin1')) },
  field(0, 'ino'),
  field(1, 'mode', octal),
  field(2, 'uid'),
  field(3, 'gid'),
  field(4, 'nlink'),
  field(5, 'mtime', time),
  field(6, 'filesize', decimal, true),
  field(7, 'devmajor'),
  field(8, 'devminor'),
  field(9, 'rdevmajor'),
  field(10, 'rdevminor'),
  field(11, 'namesize', decimal, true),
  field(12, 'check', decimal, true),
];

export const cpioComparer: Comparer = {
  name: 'a cpio archive',
  recognises: isArchive,
  async *compare({ before, after }, inside) {
    const [old, now] = [keyed(cpioMembers(before)), keyed(cpioMembers(after))];
    yield* compareOrder('members', old.keys(), now.keys());
    yield* compareEntries('member', old, now, (path, a, b) => compareMembers(path, a, b, inside));
  },
};

async function* compareMembers(path: string, a: Member, b: Member, inside: Inside): AsyncGenerator<Finding> {
  const content = inside.part({ before: a.body, after: b.body });
  for await (const finding of compareDescribed('header', FIELDS, a.header, b.header, content))
    yield { ...finding, at: [printableName(path), ...finding.at] };
}

function isArchive(source: ByteSource, at = 0): boolean {
  return at + HEADER <= source.size && /^07070[12]$/.test(source.read(at, 6).toString('latin1'));
}

/** The members of an archive, as they lie in it: name, header and content. Damage is a `CPIO_CORRUPT` failure. */
export function* cpioMembers(source: ByteSource): Generator<readonly [string, Member]> {
  let count = 0;
  for (let at = 0; at < source.size;) {
    if (!isArchive(source, at)) {
      const next = behindZeros(source, at);
      if (next < source.size && !isArchive(source, next))
        return yield [REST, { header: Buffer.alloc(0), body: rangeOf(source, next, source.size - next) }];
      at = next;
      continue;
    }
    if (++count > MAX_MEMBERS) damaged(`it has more than ${MAX_MEMBERS} members`);
    const header = source.read(at, HEADER);
    const [size, nameSize] = [numberAt(header, 6), numberAt(header, 11)];
    if (nameSize < 1 || nameSize > MAX_NAME) damaged(`a name has ${nameSize} bytes`);
    const name = source.read(at + HEADER, nameSize - 1).toString('utf8');
    const body = aligned(at + HEADER + nameSize);
    yield [name, { header, body: rangeOf(source, body, size) }];
    at = aligned(body + size);
    if (name === TRAILER && at > source.size) return;
  }
}

/** Archives start on multiples of 4. */
function behindZeros(source: ByteSource, start: number): number {
  let at = start;
  while (at < source.size) {
    const bytes = source.read(at, Math.min(4096, source.size - at));
    const index = bytes.findIndex((byte) => byte !== 0);
    if (index >= 0) return at + index;
    at += bytes.length;
  }
  return at;
}

function numberAt(header: Buffer, index: number): number {
  const digits = header.toString('latin1', 6 + 8 * index, 14 + 8 * index);
  return /^[0-9A-Fa-f]{8}$/.test(digits)
    ? Number.parseInt(digits, 16)
    : damaged(`a number in a header is ${quote(digits)}`);
}

function aligned(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

function rangeOf(source: ByteSource, at: number, size: number): ByteSource {
  if (at + size > source.size) damaged('it ends inside a member');
  return { size, read: (from, length) => source.read(at + from, length) };
}

function damaged(what: string): never {
  return fail('CPIO_CORRUPT', `the cpio archive is damaged: ${what}`);
}
