/** What the scripts for data disks do to a machine: the arrays they ask for, and what they change in its system. */
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { EXAMINED, IDENTIFIED, ScriptRoot, SYSTEM, type Ran } from './data-scripts.test-helper.ts';

const [ONE, TWO, THREE] = ['1', '2', '3'].map((digit) => [1, 2, 3, 4].map(() => digit.repeat(8)).join(':'));
const FILE_SYSTEM = '3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d';
const NUMBER = "DISKS=2\nHOST='my.nas'\n";
const CONF = '/run/mdadm/dsmb-data.conf';
const RC = `${SYSTEM}/etc/rc`;
const VOLUMES = `${SYSTEM}/etc/dsmb-volumes.sh`;
const SYNOINFO = `${SYSTEM}/etc.defaults/synoinfo.conf`;
const HOOK = 'sh /etc/dsmb-volumes.sh # dsmb: volumes on disks without arrays\n';
/** A copy of which only the first byte has room. */
const FULL = 'cat() { head -c 1 "$1"; }';

let root: ScriptRoot;
beforeEach(() => {
  root = new ScriptRoot(inject('commands'));
  root.write('/etc/mdadm.conf', `ARRAY /dev/md2 metadata=1.2 name=my.nas:2 UUID=${ONE}\n`);
  root.write('/etc/dsmb-volumes.sh', 'mount them\n');
  root.write(RC, '#!/bin/sh\nstart\n');
  root.addDisk('sda', 'pci0000:00/virtio0', { sda1: 'md0' });
});
afterEach(() => root[Symbol.dispose]());

function run(settings: string, stubs?: string): Ran {
  root.write('/etc/dsmb-data.conf', settings);
  return root.run('data-disks.sh', stubs);
}
const named = (...uuids: readonly (string | undefined)[]): string => `VOLUMES='${uuids.join(' ')}'\n`;
const examined = (...lines: readonly [uuid: string | undefined, name: string][]): void =>
  root.write(
    EXAMINED,
    lines.map(([uuid, name]) => `ARRAY /dev/md/x  metadata=1.2 UUID=${uuid} name=${name}\n`).join(''),
  );
const conf = (): string[] | undefined => root.read(CONF)?.trimEnd().split('\n');
const only = (...arrays: string[]): string[] => ['DEVICE partitions', ...arrays, 'AUTO -all'];

describe('the arrays', () => {
  it('that are named are assembled, each as the volume of its place, and no other', () => {
    const { status, calls } = run(named(FILE_SYSTEM, TWO));
    expect(status).toBe(0);
    expect(conf()).toEqual(only(`ARRAY /dev/md4 UUID=${TWO}`));
    expect(calls[0]).toBe(`mdadm --assemble --scan --config=${CONF}`);
  });

  it.each([
    ['only a file system is named', named(FILE_SYSTEM)],
    ['there is none of this host', NUMBER],
  ])('are left alone where %s', (_what, settings) => {
    examined([TWO, 'elsewhere:3']);
    const { calls } = run(settings);
    expect(conf()).toEqual(only());
    expect(calls.filter((call) => call.includes('--assemble'))).toEqual([]);
  });

  it('of a host are those of its very name, but for those of the system', () => {
    examined([ONE, 'my.nas:2'], [TWO, 'myxnas:3'], [THREE, 'my.nas:4'], ['4'.repeat(8), 'my.nas2:5']);
    run(NUMBER);
    expect(conf()).toEqual(only(`ARRAY /dev/md4 UUID=${THREE}`));
  });

  it('of a host have the numbers of their names, whatever else is there', () => {
    examined([TWO, 'my.nas:5'], [THREE, 'my.nas:3']);
    run(NUMBER);
    expect(conf()).toEqual(only(`ARRAY /dev/md5 UUID=${TWO}`, `ARRAY /dev/md3 UUID=${THREE}`));
    examined([TWO, 'my.nas:5']);
    run(NUMBER);
    expect(conf()).toEqual(only(`ARRAY /dev/md5 UUID=${TWO}`));
  });

  it('of a host get what is free, by UUID, where a number is taken or none', () => {
    const [four, five] = ['4', '5'].map((digit) => digit.repeat(8));
    examined([five, 'my.nas:2'], [TWO, 'my.nas:3'], [THREE, 'my.nas:3'], [four, 'my.nas:data']);
    run(NUMBER);
    expect(conf()).toEqual(
      only(
        `ARRAY /dev/md3 UUID=${TWO}`,
        `ARRAY /dev/md4 UUID=${THREE}`,
        `ARRAY /dev/md5 UUID=${four}`,
        `ARRAY /dev/md6 UUID=${five}`,
      ),
    );
  });
});

describe('the slots of a system', () => {
  const slots = (before: string, settings = NUMBER): string | undefined => {
    root.write(SYNOINFO, before);
    expect(run(settings).status).toBe(0);
    return root.read(SYNOINFO);
  };

  it('become those of internal disks', () => {
    const one = 'maxdisks="1"\ninternalportcfg="0x1"\nesataportcfg="0xe"\nusbportcfg="0xf0"\nlanguage="enu"\n';
    expect(slots(one)).toBe(
      'maxdisks="3"\ninternalportcfg="0x7"\nesataportcfg="0x8"\nusbportcfg="0xf0"\nlanguage="enu"\n',
    );
  });

  it('stay where there are enough', () => {
    const twelve = 'maxdisks="12"\ninternalportcfg="0xfff"\nesataportcfg="0xff000"\nusbportcfg="0x300000"\n';
    expect(slots(twelve)).toBe(twelve);
  });

  it('are added where nothing is said of them', () => {
    expect(slots('')).toBe('maxdisks="3"\ninternalportcfg="0x7"\n');
    expect(slots('maxdisks=""\n')).toBe('maxdisks="3"\ninternalportcfg="0x7"\n');
  });

  it.each(['"12 bays"', '"0x"', '"08"', '12', '"$(reboot)"', '"0x11111111111111111"'])(
    'stay where what is there is no number: %s',
    (value) => {
      const odd = (key: string): string => `${key}=${value}\n`;
      root.write(SYNOINFO, odd('internalportcfg') + odd('maxdisks') + 'esataportcfg="0xe"\n');
      const { status, stderr, calls } = run(named(FILE_SYSTEM) + 'DISKS=1\n');
      expect(status).toBe(0);
      expect(stderr).toContain(`data disks: internalportcfg=${value} is no number`);
      expect(root.read(SYNOINFO)).toBe(odd('internalportcfg') + odd('maxdisks') + 'esataportcfg="0xc"\n');
      expect(root.read(RC)).toContain(HOOK);
      expect(calls.at(-1)).toBe(`umount ${SYSTEM}`);
    },
  );

  it('are given to disks on virtio, to those with an array, and to those with a named file system', () => {
    root.addDisk('sdb', 'pci0000:00/usb1/1-1', { sdb1: '' });
    root.addDisk('sdc', 'pci0000:00/ata1');
    root.addDisk('sdd', 'pci0000:00/virtio3/host2');
    const before = 'maxdisks="1"\ninternalportcfg="0x1"\nesataportcfg="0xff"\n';
    expect(slots(before, named(FILE_SYSTEM))).toBe('maxdisks="4"\ninternalportcfg="0x9"\nesataportcfg="0xf6"\n');
    root.write(IDENTIFIED, `/dev/sdb1: UUID="${FILE_SYSTEM}" TYPE="ext4"\n/dev/sdc: UUID="A" TYPE="vfat"\n`);
    expect(slots(before, named(FILE_SYSTEM))).toBe('maxdisks="4"\ninternalportcfg="0xb"\nesataportcfg="0xf4"\n');
    root.addDisk('sde', 'pci0000:00/ata2', { sde3: 'md3' });
    expect(slots(before, named(FILE_SYSTEM))).toBe('maxdisks="5"\ninternalportcfg="0x1b"\nesataportcfg="0xe4"\n');
  });
});

describe('the start of a system', () => {
  it('mounts the file systems that are named, and has one call of that, however often it starts', () => {
    for (let start = 0; start < 2; start++) {
      const { status, stderr, calls } = run(named(FILE_SYSTEM, TWO));
      expect([status, stderr]).toEqual([0, '']);
      expect(calls.slice(-2)).toEqual([`mount -t ext4 /dev/md0 ${SYSTEM}`, `umount ${SYSTEM}`]);
      expect(root.read(RC)).toBe(`#!/bin/sh\n${HOOK}start\n`);
      expect(root.read(VOLUMES)).toBe(`${named(FILE_SYSTEM, TWO)}mount them\n`);
    }
  });

  it('is as it was once no file system is named', () => {
    run(named(FILE_SYSTEM));
    run(named(TWO));
    expect(root.read(RC)).toBe('#!/bin/sh\nstart\n');
    expect(root.read(VOLUMES)).toBeUndefined();
  });

  it('stays as it is where the system has no room', () => {
    root.write(SYNOINFO, 'maxdisks="1"\n');
    const { stderr, calls } = run(`${named(FILE_SYSTEM)}DISKS=1\n`, FULL);
    expect(stderr).toBe(
      'data disks: /run/dsmb-root/etc.defaults/synoinfo.conf cannot be written, and stays as it is\n' +
        'data disks: /run/dsmb-root/etc/dsmb-volumes.sh cannot be written, and stays as it is\n',
    );
    expect(root.read(SYNOINFO)).toBe('maxdisks="1"\n');
    expect(root.read(RC)).toBe('#!/bin/sh\nstart\n');
    for (const file of [SYNOINFO, RC, VOLUMES]) expect(root.read(`${file}.new`)).toBeUndefined();
    expect(root.read(VOLUMES)).toBeUndefined();
    expect(calls.at(-1)).toBe(`umount ${SYSTEM}`);
  });
});

describe('the volumes without arrays', () => {
  const MAPPING = '/tmp/space/space_mapping.xml';
  const volumes = (uuids: string): Ran => root.run('data-volumes.sh', uuids);

  it('are mounted and listed, each by its place, behind what is in the list', () => {
    root.write(MAPPING, '<spaces>\n<space path="/dev/md2">\n</space>\n</spaces>\n');
    root.write(IDENTIFIED, `/dev/sdb1: LABEL="x" UUID="${FILE_SYSTEM}" TYPE="ext4"\n`);
    const { calls } = volumes(named(TWO, FILE_SYSTEM));
    expect(calls).toEqual(['mount -t ext4 /dev/sdb1 /volume3']);
    expect(root.read(MAPPING)).toMatch(
      /^<spaces>\n<space path="\/dev\/md2">[^]*<volume path="\/volume3" dev_path="\/dev\/sdb1" [^]*type="ext4">[^]*<\/spaces>\n$/,
    );
    expect(root.read(MAPPING)?.match(/<\/spaces>/g)).toHaveLength(1);
  });

  it('are not what the members of an array have', () => {
    root.write(IDENTIFIED, `/dev/sdb1: UUID="${FILE_SYSTEM}" TYPE="ext4"\n`);
    root.write('/sys/class/block/sdb1/holders/md4', '');
    expect(volumes(named(FILE_SYSTEM)).calls).toEqual([]);
    expect(root.read(MAPPING)).toBeUndefined();
  });
});
