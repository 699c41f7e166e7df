/**
 * What differs between two things, by the formats that they have, from the outside in. Whatever a comparer makes of
 * it, bytes that differ are never told as equal: where it finds no word for them, the first of them is told.
 */
import { Failure } from '../model/diagnostic.ts';
import type { ByteSource } from '../disk/index.ts';
import { bytesFindings, firstDifference } from './bytes.ts';
import { gzipComparer, lzmaComparer, xzComparer, zstdComparer } from './compressed.ts';
import { cpioComparer } from './cpio.ts';
import { diskComparer } from './disk.ts';
import { extComparer } from './ext.ts';
import { fatComparer } from './fat.ts';
import type { Comparer, Finding, Inside, Pair } from './finding.ts';
import { mdComparer } from './md.ts';
import { printableName } from './show.ts';
import { tarComparer } from './tar.ts';
import { textComparer } from './text.ts';
import type { Unpacker } from './unpack.ts';
import { vhdComparer } from './vhd.ts';

/** The first that recognises both sides is asked. What has a magic number stands before what has none. */
const COMPARERS: readonly Comparer[] = [
  ...[gzipComparer, xzComparer, zstdComparer, cpioComparer, tarComparer, vhdComparer],
  ...[diskComparer, mdComparer, extComparer, fatComparer, textComparer, lzmaComparer],
];

/** Containers in containers: deeper is not looked into. */
const MAX_DEPTH = 12;

/** What a comparison needs of its surroundings. */
export interface Surroundings {
  readonly unpacker: Unpacker;
  readonly signal?: AbortSignal | undefined;
}

/** All findings, the most telling first; as many as are asked for are looked for. Nothing for equal bytes. */
export async function* differences(pair: Pair, surroundings: Surroundings, depth = 0): AsyncGenerator<Finding> {
  const { unpacker, signal } = surroundings;
  const first = await firstDifference(pair, signal);
  if (first === undefined) return;
  const inside: Inside = {
    async *part(of, ...at) {
      const names = at.map(printableName);
      for await (const finding of differences(of, surroundings, depth + 1))
        yield { ...finding, at: [...names, ...finding.at] };
    },
    unpacked: (source, format) => unpacker.unpack(source, format),
  };
  const comparer = depth < MAX_DEPTH ? comparerOf(pair) : undefined;
  let said = false;
  let note = comparer ? `in ${comparer.name}` : '';
  try {
    for await (const finding of comparer?.compare(pair, inside) ?? []) {
      said = true;
      yield finding;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    note = `${note}: ${printableName((error as Error).message)}`;
  }
  if (!said) yield* bytesFindings(pair, first, note);
}

/** What the format of some bytes is called; undefined where nothing is recognised. */
export function recognisedFormat(source: ByteSource): string | undefined {
  return COMPARERS.find((one) => recognised(one, source))?.name;
}

function comparerOf({ before, after }: Pair): Comparer | undefined {
  return COMPARERS.find((one) => recognised(one, before) && recognised(one, after));
}

function recognised({ recognises }: Comparer, source: ByteSource): boolean {
  try {
    return recognises(source);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

/** What hostile content can bring about: readers refuse it, or reach behind the end of a buffer. */
function isDamage(error: unknown): boolean {
  return error instanceof Failure || error instanceof RangeError;
}
