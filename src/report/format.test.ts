/** How durations, sizes and counts are shown. */
import { describe, expect, it } from 'vitest';
import { formatBytes, formatClock, formatDuration, palette, plural } from './format.ts';

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

describe('a clock', () => {
  it.each([
    [-1, '0:00'],
    [7999, '0:07'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
  ])('shows %d ms as %s', (ms, text) => expect(formatClock(ms)).toBe(text));
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
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { CLICOLOR: '0' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '' }, false],
    [false, { CLICOLOR_FORCE: '1' }, true],
    [false, { CLICOLOR_FORCE: '0' }, false],
    [true, { CLICOLOR_FORCE: '1', NO_COLOR: '1' }, true],
  ])('on a terminal (%s) with %j: %s', (isTTY, env, enabled) =>
    expect(palette({ isTTY }, env).red('x')).toBe(enabled ? '\x1b[31mx\x1b[0m' : 'x'),
  );
});
