/** Records with fields at fixed places: headers, superblocks, inodes, directory entries. */
import type { Finding } from './finding.ts';
import { hex, type Show } from './show.ts';

/** A field of a record. */
export interface Field {
  /** As the documentation of the format calls it. */
  readonly name: string;
  /** Bytes from the start of the record, and their count. */
  readonly at: number;
  readonly size: number;
  /** Hexadecimal by default. */
  readonly show?: Show;
  /** It follows from the rest (a checksum, a place on disk): told only where nothing else differs. */
  readonly derived?: boolean;
}

/** More bytes than this are not a value to show: the first byte that differs is told. */
const SHOWN_BYTES = 32;

/** What differs between two records. Bytes of no field are told as bytes of `what`. */
export function compareRecords(what: string, fields: readonly Field[], before: Buffer, after: Buffer): Finding[] {
  if (before.equals(after)) return [];
  const of = (some: readonly Field[]) => some.flatMap((field) => [...fieldFindings(field, before, after)]);
  const own = of(fields.filter((field) => !field.derived));
  const rest = [withoutFields(before, fields), withoutFields(after, fields)] as const;
  if (!rest[0].equals(rest[1])) own.push(byteFinding(what, ...rest, 0));
  return own.length > 0 ? own : of(fields.filter((field) => field.derived));
}

/** A record and the content that it describes: fields that follow from the content are told only where that is equal. */
export async function* compareDescribed(
  what: string,
  fields: readonly Field[],
  before: Buffer,
  after: Buffer,
  content: AsyncIterable<Finding> | undefined,
): AsyncGenerator<Finding> {
  const derived = new Set(fields.filter((field) => field.derived).map(({ name }) => name));
  const found = compareRecords(what, fields, before, after);
  yield* found.filter((one) => !derived.has(one.what));
  let said = false;
  for await (const finding of content ?? []) {
    said = true;
    yield finding;
  }
  if (!said) yield* found.filter((one) => derived.has(one.what));
}

function* fieldFindings({ name, at, size, show }: Field, before: Buffer, after: Buffer): Generator<Finding> {
  const [a, b] = [before.subarray(at, at + size), after.subarray(at, at + size)];
  if (a.equals(b)) return;
  if (a.length !== size || b.length !== size || (!show && size > SHOWN_BYTES)) return yield byteFinding(name, a, b, 0);
  const [shownBefore, shownAfter] = [(show ?? hex)(a), (show ?? hex)(b)];
  // Some ways to show a value leave a part of it out.
  if (shownBefore === shownAfter) yield byteFinding(name, a, b, 0);
  else yield { at: [], what: name, before: shownBefore, after: shownAfter };
}

/** The first byte that differs, with those that follow. */
export function byteFinding(what: string, before: Buffer, after: Buffer, start: number): Finding {
  const length = Math.max(before.length, after.length);
  let index = 0;
  while (index < length && before[index] === after[index]) index++;
  const shown = (bytes: Buffer) => hex(bytes.subarray(index, index + 8)) || 'nothing';
  const where = what === '' ? '' : ` of the ${what}`;
  return { at: [], what: `byte ${start + index}${where}`, before: shown(before), after: shown(after) };
}

function withoutFields(record: Buffer, fields: readonly Field[]): Buffer {
  const rest = Buffer.from(record);
  for (const { at, size } of fields) rest.fill(0, Math.min(at, rest.length), Math.min(at + size, rest.length));
  return rest;
}
