/** What `install.sh --dry-run` says of hosts of all kinds, which are made up of files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { manifestText, sha256, type InstallManifest } from '../../rules/cloud-installer/manifest.ts';
import { MANIFEST, scriptFor } from '../rig/install-script.ts';
import { HostSandbox, type Answer, type MadeUpDevice, type MadeUpHost } from '../rig/made-up-host.ts';

const MIB = 2 ** 20;
const GRUB = 'if [ "${next_entry}" ]; then :; fi\nsource custom.cfg\n';
const LOADER = { 'grub/grub.cfg': GRUB };
const TOOLS = ['grub-editenv'];

const disk = (name: string, more: Partial<MadeUpDevice> = {}): MadeUpDevice => ({ name, tableId: 'cafe0123', ...more });
const part = (name: string, partitionOf: string): MadeUpDevice => ({ name, partitionOf, GiB: 39 });

/** A Debian on one disk, whose kinds differ in a word or two. */
const PLAIN: MadeUpHost = {
  devices: [disk('vda', { serial: 'abc' }), part('vda1', 'vda')],
  mounts: { '/': ['ext4', 'vda1'] },
  boot: LOADER,
  programs: TOOLS,
};
const LVM: MadeUpHost = {
  ...PLAIN,
  devices: [disk('sda'), part('sda1', 'sda'), part('sda2', 'sda'), { name: 'dm-0', slaves: ['sda2'] }],
  mounts: { '/': ['ext4', 'dm-0'] },
};
const RAID: MadeUpHost = {
  ...PLAIN,
  devices: [
    ...[disk('sda'), part('sda1', 'sda'), disk('sdb', { tableId: 'cafe0124' }), part('sdb1', 'sdb')],
    { name: 'md0', slaves: ['sda1', 'sdb1'] },
  ],
  mounts: { '/': ['ext4', 'md0'] },
};
const BTRFS: MadeUpHost = { ...PLAIN, mounts: { '/': ['btrfs', 'vda1', 'numberless'] } };
const EXTLINUX: MadeUpHost = { ...PLAIN, boot: { 'extlinux/extlinux.conf': 'DEFAULT linux\n' } };

let folder: string;
let reason: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-hosts-'));
  makeInstaller(join(folder, 'installer'));
  const { stderr, status } = look('probe', PLAIN, '--help');
  reason = status === 0 ? '' : stderr;
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach((context) => {
  if (reason !== '') context.skip(`no namespaces for a sandbox: ${reason}`);
});

/** A folder with one block, whose partition ends with the disk. */
function makeInstaller(to: string): void {
  const block = Buffer.alloc(MIB, 'content');
  const blocks = [{ index: 0, sha256: sha256(block), bytes: MIB, packed: 1000 }];
  const manifest: InstallManifest = {
    ...MANIFEST,
    disk: { ...MANIFEST.disk, bytes: 48 * MIB },
    network: { offset: 0, bytes: 512 },
    lastPartition: { number: 3, start: 2048, sectors: 47 * 2048, sectorsOffset: 490 },
    blocks,
  };
  const text = manifestText(manifest);
  mkdirSync(join(to, 'blocks'), { recursive: true });
  writeFileSync(join(to, 'blocks', `${sha256(block)}.gz`), gzipSync(block));
  writeFileSync(join(to, `manifest-${sha256(text)}.json`), text);
  writeFileSync(join(to, 'install.sh'), scriptFor(manifest, sha256(text)));
}

function look(name: string, host: MadeUpHost, ...words: string[]): Answer {
  const root = join(folder, name);
  if (existsSync(root)) rmSync(root, { recursive: true });
  mkdirSync(root);
  const programs = {
    bubblewrap: join(inject('commands'), 'bwrap'),
    busybox: join(inject('toolchains')['host'] ?? '', 'bin/busybox'),
  };
  const sandbox = new HostSandbox(root, programs, host);
  return sandbox.run(join(folder, 'installer'), 'install.sh', ['--folder', '/folder', '--dry-run', ...words]);
}

describe('a host that can become the NAS', () => {
  it.each<[string, MadeUpHost, RegExp, ...string[]]>([
    [
      'with GRUB',
      PLAIN,
      /disk +\/dev\/vda, 40\.0 GiB, table cafe0123, serial abc: [^]*by an entry of GRUB \(\/boot\/grub\)/,
    ],
    [
      'with /boot in LVM, by kexec',
      { ...LVM, programs: ['kexec'] },
      /disk +\/dev\/sda,[^]*at once, by kexec/,
      '--kexec',
    ],
    [
      'with / in LVM and a /boot of its own',
      { ...LVM, mounts: { ...LVM.mounts, '/boot': ['ext4', 'sda1'] } },
      /disk +\/dev\/sda,[^]*by an entry of GRUB/,
    ],
    [
      'with RAID, of which one disk is named',
      { ...RAID, mounts: { ...RAID.mounts, '/boot': ['ext4', 'sda1'] } },
      /disk +\/dev\/sdb,[^]*not touched +\/dev\/sda/,
      '--disk',
      '/dev/sdb',
    ],
    ['with btrfs, by kexec', { ...BTRFS, programs: ['kexec'] }, /disk +\/dev\/vda,/, '--kexec'],
    ['with extlinux, by kexec', { ...EXTLINUX, programs: ['kexec'] }, /disk +\/dev\/vda,/, '--kexec'],
    [
      'with NVMe',
      {
        ...PLAIN,
        devices: [disk('nvme0n1'), part('nvme0n1p1', 'nvme0n1')],
        mounts: { '/': ['xfs', 'nvme0n1p1'], '/boot': ['ext4', 'nvme0n1p1'] },
      },
      /disk +\/dev\/nvme0n1,/,
    ],
    [
      'with a second disk',
      { ...PLAIN, devices: [...PLAIN.devices, disk('vdb', { GiB: 10, tableId: 'cafe0124' })] },
      /not touched +\/dev\/vdb, 10\.0 GiB/,
    ],
    ['of RHEL', { ...PLAIN, boot: { 'grub2/grub.cfg': GRUB }, programs: ['grub2-editenv'] }, /GRUB \(\/boot\/grub2\)/],
    ['whose disk is larger', PLAIN, /data +partition 3 is made larger, up to the end of the disk/],
  ])('%s', (name, host, says, ...words) => {
    const { stdout, stderr, status } = look(name.replaceAll(/\W/g, '-'), host, ...words);
    expect(stderr).toBe('');
    expect(stdout).toMatch(says);
    expect(stdout).toMatch(/Nothing was changed \(--dry-run\)\.\n$/);
    expect(status).toBe(0);
  });
});

describe('the network afterwards', () => {
  it.each<[string, MadeUpHost, RegExp, ...string[]]>([
    ['that of a host with an address of its own', PLAIN, /afterwards +the NAS has the same addresses/],
    [
      'DHCP where the kernel knows of a lease',
      { ...PLAIN, lease: 'dynamic' },
      /afterwards +the NAS asks for an address/,
    ],
    ['DHCP where a client runs', { ...PLAIN, running: ['udhcpc'] }, /afterwards +the NAS asks for an address/],
    ['kept where that is told', { ...PLAIN, lease: 'dynamic' }, /afterwards +the NAS has the same/, '--net', 'keep'],
    ['DHCP where that is told', PLAIN, /network +eth0: dhcp[^]*afterwards +the NAS asks/, '--net', 'dhcp'],
  ])('is %s', (name, host, says, ...words) => {
    expect(look(name.replaceAll(/\W/g, '-'), host, ...words).stdout).toMatch(says);
  });
});

describe('a host that cannot become the NAS is told why', () => {
  it.each<[string, MadeUpHost, RegExp, ...string[]]>([
    ['with /boot in LVM', LVM, /GRUB cannot write to \/boot here, [^]*use --kexec/],
    ['with /boot in RAID', RAID, /\/ lies on several disks: sda sdb[^]*name the one to overwrite with --disk/],
    ['with btrfs', BTRFS, /GRUB cannot write to \/boot here/],
    ['with extlinux', EXTLINUX, /there is no GRUB that this script knows\n +use --kexec/],
    [
      'without the entry for one start',
      { ...PLAIN, boot: { 'grub/grub.cfg': 'linux /vmlinuz\n' } },
      /takes no entry for one start/,
    ],
    ['without kexec', LVM, /there is no kexec\n +install it/, '--kexec'],
    ['with EFI, for a disk that has none', { ...PLAIN, efi: 'insecure' }, /starts by efi, the image only by bios/],
    ['with Secure Boot', { ...PLAIN, efi: 'secure' }, /Secure Boot is on/],
    [
      'in a rescue system',
      { ...PLAIN, mounts: { '/': ['overlay', 'overlay', 'numberless'] } },
      /cannot be told which disk holds \//,
    ],
    [
      'with a disk that is too small',
      { ...PLAIN, devices: [disk('vda', { GiB: 0 }), disk('vdb', { GiB: 0.03125 })] },
      /\/dev\/vdb has 32\.0 MiB, the image 48\.0 MiB/,
      '--disk',
      '/dev/vdb',
    ],
    [
      'with little memory',
      { ...PLAIN, memoryMiB: 128 },
      /128 MiB of memory are not enough: \d+ are needed[^]*give --url/,
    ],
    [
      'with a card that the system does not know',
      { ...PLAIN, mac: '00:16:3e:01:02:03' },
      /does not recognise a card with the MAC address 00:16:3e:01:02:03/,
    ],
  ])('%s', (name, host, says, ...words) => {
    const { stdout, stderr, status } = look(name.replaceAll(/\W/g, '-'), host, ...words);
    expect(stderr).toBe('');
    expect(stdout).toMatch(says);
    expect(stdout).toMatch(/Nothing was changed\.\n$/);
    expect(status).toBe(1);
  });

  it('names a disk by its serial number, or its path, where two have one id', () => {
    const twins = { ...PLAIN, devices: [...PLAIN.devices, disk('vdb')] };
    expect(look('twins', twins).stdout).toMatch(/disk +\/dev\/vda/);
  });
});
