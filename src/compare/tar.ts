/** tar archives: header fields and pax records of each member, then their contents. */
import { compareEntries, compareOrder, keyed } from './entries.ts';
import type { Comparer, Finding, Inside } from './finding.ts';
import { compareDescribed, type Field } from './record.ts';
import { formatTime, printableName, quote, text, type Show } from './show.ts';
import { tarMembers, tarNumber, type TarMember } from './tar-index.ts';

const decimal: Show = (bytes) => String(tarNumber(bytes, 0, bytes.length));
const mode: Show = (bytes) => `0${tarNumber(bytes, 0, bytes.length).toString(8)}`;
const time: Show = (bytes) => formatTime(tarNumber(bytes, 0, bytes.length));

const COMMON: readonly Field[] = [
  { name: 'name', at: 0, size: 100, show: text },
  { name: 'mode', at: 100, size: 8, show: mode },
  { name: 'uid', at: 108, size: 8, show: decimal },
  { name: 'gid', at: 116, size: 8, show: decimal },
  { name: 'size', at: 124, size: 12, show: decimal, derived: true },
  { name: 'mtime', at: 136, size: 12, show: time },
  { name: 'header checksum', at: 148, size: 8, show: text, derived: true },
  { name: 'type', at: 156, size: 1, show: text },
  { name: 'link target', at: 157, size: 100, show: text },
  { name: 'format', at: 257, size: 8, show: text },
  { name: 'uname', at: 265, size: 32, show: text },
  { name: 'gname', at: 297, size: 32, show: text },
  { name: 'device major number', at: 329, size: 8, show: text },
  { name: 'device minor number', at: 337, size: 8, show: text },
];
const POSIX: readonly Field[] = [...COMMON, { name: 'prefix', at: 345, size: 155, show: text }];
const GNU: readonly Field[] = [
  ...COMMON,
  { name: 'atime', at: 345, size: 12, show: time },
  { name: 'ctime', at: 357, size: 12, show: time },
  { name: 'sparse map', at: 386, size: 97, derived: true },
  { name: 'size with holes', at: 483, size: 12, show: decimal, derived: true },
];

export const tarComparer: Comparer = {
  name: 'a tar archive',
  recognises: (source) => source.size >= 512 && source.read(257, 5).toString('latin1') === 'ustar',
  async *compare(pair, inside) {
    const [before, after] = [pair.before, pair.after].map((source) =>
      keyed([...tarMembers(source)].map((member) => [member.path, member] as const)),
    ) as [Map<string, TarMember>, Map<string, TarMember>];
    yield* compareOrder('members', before.keys(), after.keys());
    yield* compareEntries('member', before, after, (path, a, b) => compareMembers(path, a, b, inside));
  },
};

async function* compareMembers(path: string, a: TarMember, b: TarMember, inside: Inside): AsyncGenerator<Finding> {
  const fields = a.header.toString('latin1', 257, 265) === 'ustar  \0' ? GNU : POSIX;
  const content = inside.part({ before: a.body, after: b.body });
  for await (const finding of compareDescribed('header', fields, a.header, b.header, content))
    yield { ...finding, at: [printableName(path), ...finding.at] };
  for (const finding of paxFindings(a.pax, b.pax)) yield { ...finding, at: [printableName(path)] };
}

function* paxFindings(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Generator<Finding> {
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    if (a.get(key) === b.get(key)) continue;
    const shown = (value: string | undefined) =>
      value === undefined ? 'none' : key.endsWith('time') && /^\d+(\.\d+)?$/.test(value) ? value : quote(value);
    yield { at: [], what: `pax ${key}`, before: shown(a.get(key)), after: shown(b.get(key)) };
  }
}
