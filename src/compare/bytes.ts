/** Bytes without a format: where they begin to differ. */
import { setImmediate } from 'node:timers/promises';
import type { Finding, Pair } from './finding.ts';
import { byteFinding } from './record.ts';

const PIECE = 1024 * 1024;
/** Pieces after which others may run: a Ctrl-C is seen in between. */
const PIECES_A_TURN = 64;

/** The first byte that differs, which is the end of the shorter side where that is all; undefined for equal bytes. */
export async function firstDifference(
  { before, after, same }: Pair,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const common = Math.min(before.size, after.size);
  for (let at = 0, turn = 1; at < common; at += PIECE) {
    const length = Math.min(PIECE, common - at);
    if (same?.(at, length)) continue;
    const [a, b] = [before.read(at, length), after.read(at, length)];
    if (!a.equals(b)) return at + a.findIndex((byte, index) => byte !== b[index]);
    if (turn++ % PIECES_A_TURN === 0) await setImmediate();
    signal?.throwIfAborted();
  }
  return before.size === after.size ? undefined : common;
}

/** Tells of bytes that differ from `offset` on, where no format has a better word. */
export function* bytesFindings({ before, after }: Pair, offset: number, note = ''): Generator<Finding> {
  if (before.size !== after.size)
    yield { at: [], what: 'size', before: `${before.size} bytes`, after: `${after.size} bytes` };
  const shown = (source: Pair['before']) => source.read(offset, Math.max(0, Math.min(8, source.size - offset)));
  const finding = byteFinding('', shown(before), shown(after), offset);
  yield { ...finding, what: `${finding.what}${note === '' ? '' : ` (${note})`}` };
}
