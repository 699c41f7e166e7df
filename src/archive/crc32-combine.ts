/** The CRC-32 of two runs of bytes put together, from the CRC of each: arithmetic modulo the polynomial, as in zlib. */

/** CRC-32's polynomial, bits reversed: the highest bit is x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x8000_0000;
const X = 0x4000_0000;

/** Combines the CRC-32 of A and of B into that of A followed by B; `length` is B's, in bytes. */
export function crc32Combine(first: number, second: number, length: number): number {
  return (multiply(shift(length), first) ^ second) >>> 0;
}

/** Product of two polynomials modulo CRC-32's. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE, factor = b; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x^(2^n) for n from 0 to 31; the powers repeat after that. */
const SQUARES = Array.from({ length: 32 }).reduce<number[]>((found) => {
  const last = found.at(-1);
  return [...found, last === undefined ? X : multiply(last, last)];
}, []);

const shifts = new Map<number, number>();

/** x^(8·length): what a CRC is multiplied with when so many bytes follow. */
function shift(length: number): number {
  const known = shifts.get(length);
  if (known !== undefined) return known;
  let power = ONE;
  for (let rest = length, bit = 3; rest > 0; rest = Math.floor(rest / 2), bit++)
    if (rest % 2 === 1) power = multiply(SQUARES[bit % 32] ?? 0, power);
  shifts.set(length, power);
  return power;
}
