/** Data disks: what the overlay is told of them. */
import { describe, expect, it } from 'vitest';
import { checkedDataDisks } from './data-disks.ts';
import { dataSettings } from './data-settings.ts';

const ARRAY = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
const FILE_SYSTEM = '3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d';
const ZEROS = [ARRAY, FILE_SYSTEM].map((uuid) => uuid.replaceAll(/[^:-]/g, '0'));

describe('data disks', () => {
  it('are a number, or UUIDs in small letters', () => {
    expect(checkedDataDisks(3)).toBe(3);
    expect(checkedDataDisks([FILE_SYSTEM.toUpperCase(), ARRAY])).toEqual([FILE_SYSTEM, ARRAY]);
  });

  it.each([
    0,
    26,
    [],
    ['x'],
    [ARRAY.slice(1)],
    ["'; reboot; '"],
    [ARRAY, ARRAY],
    [ARRAY, ARRAY.toUpperCase()],
    ...ZEROS.map((uuid) => [uuid]),
  ])('cannot be %j', (given) => {
    expect(() => checkedDataDisks(given)).toThrow('dataDisks: ');
  });
});

describe('the settings', () => {
  const conf = (name: string): string =>
    `ARRAY /dev/md0 metadata=0.90 UUID=1:2:3:4\nARRAY /dev/md2 metadata=1.2 name=${name} UUID=${ARRAY}\n`;

  it('have the UUIDs in their order', () => {
    expect(dataSettings([FILE_SYSTEM, ARRAY], '')).toBe(`VOLUMES='${FILE_SYSTEM} ${ARRAY}'\n`);
  });

  it('have the number of disks, and the host whose arrays are meant', () => {
    expect(dataSettings(3, conf('my.nas-1:2'))).toBe("DISKS=3\nHOST='my.nas-1'\n");
  });

  it.each([['2'], ["a'b:2"], ['']])('need a host for a number: an array called "%s" has none', (name) => {
    expect(() => dataSettings(3, conf(name))).toThrow('dataDisks is a number, but no array');
    expect(() => dataSettings(3, '')).toThrow('dataDisks is a number, but no array');
  });

  it('cannot name an array of the system', () => {
    expect(() => dataSettings([FILE_SYSTEM, ARRAY], conf('nas:2').toUpperCase())).toThrow(`dataDisks names ${ARRAY}`);
  });
});
