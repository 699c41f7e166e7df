/**
 * Assembles the filter of system calls for seccomp(2): a program for the kernel's packet filter machine, see
 * Documentation/networking/filter.rst of Linux. Each call has a block of its own, so that a refused call is one
 * comparison and what follows it; jumps go over at most one block.
 */
import { ERRNO, REFUSED_CALLS, type Condition, type RefusedCall } from './refused-calls.ts';

/** `struct sock_filter`; jumps are counted from the next instruction. */
interface Instruction {
  readonly code: number;
  readonly value: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
}

/** Load an absolute word of `struct seccomp_data`; jumps that compare with a constant; return a constant. */
const CODE = { load: 0x20, ifEqual: 0x15, ifAtLeast: 0x35, ifAnyBit: 0x45, answer: 0x06 } as const;
/** Offsets in `struct seccomp_data`. The low half of an argument comes first. */
const AT = { number: 0, architecture: 4, argument: (index: number) => 16 + 8 * index } as const;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const REFUSE = 0x0005_0000;

/** AUDIT_ARCH_X86_64. 32-bit programs call by other numbers, which the list does not have. */
const X86_64 = 0xc000_003e;
/** Calls of the x32 ABI have this bit set. */
const X32 = 0x4000_0000;

/** Bytes of one instruction. */
const BYTES = 8;

/** The filter as bubblewrap reads it. It is the same for every action. */
export function seccompFilter(refused: readonly RefusedCall[] = REFUSED_CALLS): Buffer {
  const program: Instruction[] = [
    { code: CODE.load, value: AT.architecture },
    { code: CODE.ifEqual, value: X86_64, ifTrue: 1 },
    { code: CODE.answer, value: KILL_PROCESS },
    { code: CODE.load, value: AT.number },
    { code: CODE.ifAtLeast, value: X32, ifFalse: 1 },
    { code: CODE.answer, value: REFUSE | ERRNO.ENOSYS },
    ...refused.flatMap(blockOf),
    { code: CODE.answer, value: ALLOW },
  ];
  const bytes = Buffer.alloc(program.length * BYTES);
  for (const [index, { code, value, ifTrue = 0, ifFalse = 0 }] of program.entries()) {
    const at = index * BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(ifTrue, at + 2);
    bytes.writeUInt8(ifFalse, at + 3);
    bytes.writeUInt32LE(value, at + 4);
  }
  return bytes;
}

/** Conditions, then the refusal, then the permission that a condition which does not hold leads to. */
function blockOf({ number, error, when = [] }: RefusedCall): Instruction[] {
  const refusal = { code: CODE.answer, value: REFUSE | ERRNO[error] };
  const end = when.length === 0 ? [refusal] : [refusal, { code: CODE.answer, value: ALLOW }];
  const tests = when.flatMap((condition, index) => {
    const later = when.slice(index + 1).map(lengthOf);
    return test(condition, later.reduce((sum, length) => sum + length, 0) + 1);
  });
  return [{ code: CODE.ifEqual, value: number, ifFalse: tests.length + end.length }, ...tests, ...end];
}

function lengthOf(condition: Condition): number {
  return test(condition, 0).length;
}

/** Goes on behind itself where the condition holds; `toPermission` is how far behind itself the permission is. */
function test(condition: Condition, toPermission: number): Instruction[] {
  const load = { code: CODE.load, value: AT.argument(condition.argument) };
  if ('anyBit' in condition) return [load, { code: CODE.ifAnyBit, value: condition.anyBit, ifFalse: toPermission }];
  const isOneOf = 'isOneOf' in condition;
  const values = isOneOf ? condition.isOneOf : condition.isNoneOf;
  const comparisons = values.map((value, index): Instruction => {
    const left = values.length - 1 - index;
    if (!isOneOf) return { code: CODE.ifEqual, value, ifTrue: left + toPermission };
    return { code: CODE.ifEqual, value, ifTrue: left, ifFalse: left === 0 ? toPermission : 0 };
  });
  return [load, ...comparisons];
}
