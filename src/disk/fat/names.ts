/** Names and times as FAT keeps them: 8.3 names, long-name entries, DOS dates. */
import { fail } from '../../model/diagnostic.ts';
import { ATTRIBUTE, ENTRY_SIZE, LONG_NAME_PARTS, shortNameChecksum } from './directory.ts';

const UNITS_PER_ENTRY = 13;
const SHORT = /^[A-Z0-9!#$%&'()@^_`{}~-]{1,8}(\.[A-Z0-9!#$%&'()@^_`{}~-]{1,3})?$/;
const FORBIDDEN = /["*/:<>?\\|\p{Cc}]|[. ]$/u;

/** Directory entries that a name takes, the short one included. */
export function entryCount(name: string): number {
  return 1 + (SHORT.test(name) ? 0 : Math.ceil(name.length / UNITS_PER_ENTRY));
}

/** The 8.3 names (11 bytes each) of a folder's names: themselves in upper case where they fit, else `NAME~1`. */
export function shortNames(names: readonly string[]): Buffer[] {
  const used = new Set<string>();
  return names.map((name) => {
    if (name === '' || name.length > 255 || FORBIDDEN.test(name))
      fail('FAT_NAME', `FAT cannot hold the name '${name}'`);
    const upper = name.toUpperCase();
    const short = SHORT.test(upper) && !used.has(upper) ? upper : numbered(upper, used);
    used.add(short);
    const [base = '', extension = ''] = short.split('.');
    return Buffer.from(base.padEnd(8) + extension.padEnd(3), 'latin1');
  });
}

/** The long-name entries of a name, in the order on disk; none where the short name says it all. */
export function nameEntries(name: string, short: Buffer): Buffer[] {
  const count = entryCount(name) - 1;
  // The name ends with a NUL where it does not fill its last entry; the rest is FF.
  const units = Buffer.alloc(count * UNITS_PER_ENTRY * 2, 0xff);
  units.write(`${name}\0`, 'utf16le');
  return Array.from({ length: count }, (_, index) => count - index).map((order) => {
    const entry = Buffer.alloc(ENTRY_SIZE);
    entry.writeUInt8(order | (order === count ? 0x40 : 0), 0);
    entry.writeUInt8(ATTRIBUTE.long, 11);
    entry.writeUInt8(shortNameChecksum(short), 13);
    let from = (order - 1) * UNITS_PER_ENTRY * 2;
    for (const [start, end] of LONG_NAME_PARTS) {
      units.copy(entry, start, from, from + end - start);
      from += end - start;
    }
    return entry;
  });
}

/** A moment as DOS writes it, in UTC with 2-second steps; before 1980 counts as 1980. */
export function dosTime(epoch: number): { date: number; time: number } {
  const moment = new Date(Math.max(epoch, 315_532_800) * 1000);
  const date = ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate();
  const time = (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1);
  return { date: date & 0xffff, time: time & 0xffff };
}

function numbered(upper: string, used: ReadonlySet<string>): string {
  const clean = (text: string) => text.replaceAll(/[^A-Z0-9_-]/g, '');
  const dot = upper.lastIndexOf('.');
  const base = clean(dot > 0 ? upper.slice(0, dot) : upper) || '_';
  const extension = dot > 0 ? clean(upper.slice(dot + 1)).slice(0, 3) : '';
  for (let number = 1; ; number++) {
    const tail = `~${number}`;
    const short = base.slice(0, 8 - tail.length) + tail + (extension === '' ? '' : `.${extension}`);
    if (!used.has(short)) return short;
  }
}
