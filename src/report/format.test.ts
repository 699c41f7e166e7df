/** How durations, sizes and counts are shown. */
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, palette, plural } from './format.ts';

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [850.4, '850 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [1234, '1.2 s'],
    [60_000, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [119_600, '2 min 0 s'],
  ])('of %d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('a size', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1536, '1.5 KiB'],
    [20 * 2 ** 30, '20 GiB'],
    [2 ** 50, '1024 TiB'],
  ])('of %d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

it('one is one, and all else are many', () => {
  expect([0, 1, 2].map((count) => plural(count, 'action'))).toEqual(['0 actions', '1 action', '2 actions']);
});

describe('colours', () => {
  const terminal = { isTTY: true } as NodeJS.WriteStream;

  it('are for terminals that want them', () => {
    expect(palette(terminal, {}).red('x')).toBe('\x1b[31mx\x1b[0m');
    expect(palette({ isTTY: false } as NodeJS.WriteStream, {}).red('x')).toBe('x');
    expect(palette(terminal, { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(palette(terminal, { TERM: 'dumb' }).red('x')).toBe('x');
  });
});
