/** Fixed VHDs: a raw disk, and a footer with a time and an id. */
import { slicePair, type Comparer } from './finding.ts';
import { compareRecords, type Field } from './record.ts';
import { formatTime, numberBE, uuid } from './show.ts';

const FOOTER = 512;
const SECONDS_TO_2000 = 946_684_800;

const FIELDS: readonly Field[] = [
  { name: 'VHD creation time', at: 24, size: 4, show: (bytes) => formatTime(SECONDS_TO_2000 + bytes.readUInt32BE(0)) },
  { name: 'VHD creator', at: 28, size: 12 },
  { name: 'VHD original size', at: 40, size: 8, show: numberBE },
  { name: 'VHD current size', at: 48, size: 8, show: numberBE },
  { name: 'VHD geometry', at: 56, size: 4 },
  { name: 'VHD checksum', at: 64, size: 4, derived: true },
  { name: 'VHD unique id', at: 68, size: 16, show: uuid },
];

export const vhdComparer: Comparer = {
  name: 'a VHD',
  recognises: (source) =>
    source.size > FOOTER && source.read(source.size - FOOTER, 8).toString('latin1') === 'conectix',
  async *compare(pair, inside) {
    const { before, after } = pair;
    const [a, b] = [before.size - FOOTER, after.size - FOOTER];
    yield* compareRecords('VHD footer', FIELDS, before.read(a, FOOTER), after.read(b, FOOTER));
    yield* inside.part(
      a === b ? slicePair(pair, 0, a) : { before: slicePair(pair, 0, a).before, after: slicePair(pair, 0, b).after },
    );
  },
};
