/** The filter, run as the kernel runs it: each line of the list refuses what it says, and nothing beside it. */
import { describe, expect, it } from 'vitest';
import { seccompFilter } from './filter.ts';
import { ERRNO, REFUSED_CALLS, type Condition } from './refused-calls.ts';

const X86_64 = 0xc000_003e;
const I386 = 0x4000_0003;
const ALLOWED = 0x7fff_0000;
const KILLED = 0x8000_0000;
const refusal = (error: keyof typeof ERRNO): number => 0x0005_0000 | ERRNO[error];
const FILTER = seccompFilter();

/** The machine of the kernel, as far as the filter uses it. Gives the answer. */
function answer(number: number, args: readonly bigint[] = [], architecture = X86_64): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; at < FILTER.length; at += 8) {
    const [code, value] = [FILTER.readUInt16LE(at), FILTER.readUInt32LE(at + 4)];
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else at += 8 * FILTER.readUInt8(at + (jumps(code, accumulator, value) ? 2 : 3));
  }
  throw new Error('the filter has no answer');
}

function jumps(code: number, accumulator: number, value: number): boolean {
  if (code === 0x15) return accumulator === value;
  if (code === 0x35) return accumulator >= value;
  if (code === 0x45) return (accumulator & value) !== 0;
  throw new Error(`no such instruction: ${code}`);
}

/** An argument that fulfils a condition, and one that does not. */
function examples(condition: Condition): readonly [hits: readonly number[], misses: readonly number[]] {
  if ('anyBit' in condition) {
    const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0);
    return [bits.filter((bit) => bit & condition.anyBit), [0, ~condition.anyBit >>> 0]];
  }
  const others = [0, 3, 40, 0x5413, 0xffff_ffff];
  if ('isOneOf' in condition) return [condition.isOneOf, others];
  return [others, condition.isNoneOf];
}

describe.each(REFUSED_CALLS.map((call) => [call.name, call] as const))('%s', (_name, { number, error, when = [] }) => {
  const hits = when.map((condition) => [condition.argument, examples(condition)[0]] as const);
  const args = (change?: readonly [argument: number, value: number]): bigint[] => {
    const all = [0n, 0n, 0n, 0n, 0n, 0n];
    // The high half of an argument is none of the kernel's business, so it must not deceive the filter.
    for (const [argument, [value]] of hits) all[argument] = 0xffff_ffff_0000_0000n | BigInt(value!);
    if (change) all[change[0]] = 0xffff_ffff_0000_0000n | BigInt(change[1]);
    return all;
  };

  it('is refused', () => {
    expect(answer(number, args())).toBe(refusal(error));
    for (const [argument, values] of hits)
      for (const value of values)
        expect([value, answer(number, args([argument, value]))]).toEqual([value, refusal(error)]);
  });

  if (when.length === 0) return;
  it('is allowed where a condition does not hold', () => {
    for (const condition of when)
      for (const value of examples(condition)[1])
        expect([value, answer(number, args([condition.argument, value]))]).toEqual([value, ALLOWED]);
  });
});

describe('every other call', () => {
  it('is allowed', () => {
    const listed = new Set(REFUSED_CALLS.map(({ number }) => number));
    expect(listed.size).toBe(REFUSED_CALLS.length);
    for (let number = 0; number < 1024; number++)
      if (!listed.has(number)) expect([number, answer(number)]).toEqual([number, ALLOWED]);
  });

  it('of the x32 ABI is unknown, and one of a 32-bit program ends it', () => {
    for (const number of [0x4000_0000, 0x4000_0000 + 521, 0xffff_ffff]) expect(answer(number)).toBe(refusal('ENOSYS'));
    for (const number of [1, 26, 120]) expect(answer(number, [], I386)).toBe(KILLED);
  });
});
