/** Data disks: what the overlay is told of them, and what its script does to the settings of a system. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { dataSettings } from './data-disks.ts';

const ARRAY = '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b';
const FILE_SYSTEM = '3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d';

describe('the settings', () => {
  it('have the number of disks, or the UUIDs in their order', () => {
    expect(dataSettings(3)).toBe('DISKS=3\n');
    expect(dataSettings([FILE_SYSTEM.toUpperCase(), ARRAY])).toBe(`VOLUMES='${FILE_SYSTEM} ${ARRAY}'\n`);
  });

  it.each([0, 26, [], ['x'], [ARRAY.slice(1)], ["'; reboot; '"], [ARRAY, ARRAY]])('cannot have %j', (given) => {
    expect(() => dataSettings(given)).toThrow('dataDisks: ');
  });
});

const SCRIPT = readFileSync(new URL('./data-disks.sh', import.meta.url), 'utf8');

/** What a shell makes of functions of the script, from one of them up to a line, with a call. */
function called(from: string, to: string, call: string, ...args: string[]): string {
  // Disks of the machine that runs this test do not count.
  const functions = SCRIPT.slice(SCRIPT.indexOf(from), SCRIPT.indexOf(to)).replace('/sys/block/sd*', '/none');
  const { status, stdout } = spawnSync('busybox', ['sh', '-c', `${functions}\n${call}`, 'sh', ...args], {
    encoding: 'utf8',
    env: { PATH: `${inject('commands')}:${process.env['PATH']}` },
  });
  expect(status).toBe(0);
  return stdout;
}

it('only the arrays that are named are assembled, each as the volume of its place', () => {
  const of = (...uuids: string[]): string[] =>
    called('configuration()', '# As many disks', 'configuration "$@"', ...uuids)
      .trimEnd()
      .split('\n');
  expect(of(FILE_SYSTEM, ARRAY)).toEqual(['DEVICE partitions', `ARRAY /dev/md4 UUID=${ARRAY}`, 'AUTO -all']);
  expect(of(FILE_SYSTEM)).toEqual(['DEVICE partitions', 'AUTO -all']);
});

/** synoinfo.conf after the script has made room for disks in it. */
function withSlots(disks: number, conf: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'slots-'));
  try {
    const file = join(folder, 'synoinfo.conf');
    writeFileSync(file, conf);
    called('give_slots()', '# The system writes its list', `DISKS=${disks}\ngive_slots "$1"`, file);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the slots of a system', () => {
  it('become those of internal disks', () => {
    const one = 'maxdisks="1"\ninternalportcfg="0x1"\nesataportcfg="0xe"\nusbportcfg="0xf0"\nlanguage="enu"\n';
    expect(withSlots(2, one)).toBe(
      'maxdisks="3"\ninternalportcfg="0x7"\nesataportcfg="0x8"\nusbportcfg="0xf0"\nlanguage="enu"\n',
    );
  });

  it('stay where there are enough', () => {
    const twelve = 'maxdisks="12"\ninternalportcfg="0xfff"\nesataportcfg="0xff000"\nusbportcfg="0x300000"\n';
    expect(withSlots(4, twelve)).toBe(twelve);
  });

  it('are added where nothing is said of them', () => {
    expect(withSlots(1, '')).toBe('maxdisks="2"\ninternalportcfg="0x3"\n');
  });
});
