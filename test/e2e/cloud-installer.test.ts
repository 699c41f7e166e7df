/** What `cloudInstaller` makes: the folder that hosts install from, and what another MAC address adds to it. */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCpio } from '../../src/archive/index.ts';
import { TestStore } from '../rig/index.ts';
import { SmallInstaller } from '../rig/small-installer.ts';

const MIB = 2 ** 20;

interface Manifest {
  readonly format: string;
  readonly disk: { readonly bytes: number };
  readonly boot: readonly string[];
  readonly macOffset: number;
  readonly macDigits: string;
  readonly network?: { readonly offset: number; readonly bytes: number };
  readonly kernel: { readonly file: string };
  readonly blocks: readonly { index: number; sha256: string; bytes: number; packed: number }[];
}

let store: TestStore;
let made: SmallInstaller;

beforeAll(async () => {
  store = new TestStore();
  made = await SmallInstaller.build(store);
});
afterAll(() => {
  made.project[Symbol.dispose]();
  store[Symbol.dispose]();
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const read = (name: string): Buffer => readFileSync(join(made.folder, name));
const manifest = (): Manifest => JSON.parse(read('manifest.json').toString()) as Manifest;
const blockFiles = (): string[] => readdirSync(join(made.folder, 'blocks'));

describe('the folder with the Debian installer', { tags: 'long' }, () => {
  const KERNEL = /^vmlinuz-/;
  let folder: string;
  const named = (name: string): string => readdirSync(folder).find((file) => file.startsWith(`${name}-`)) ?? '';
  const file = (name: string): Buffer => readFileSync(join(folder, name));

  beforeAll(async () => {
    const { exitCode, stderr } = await made.project.build(['//debian']);
    expect(stderr).toMatch(/build succeeded/);
    expect(exitCode).toBe(0);
    folder = made.project.output('//debian');
  });

  it('has the same disk, another kernel and initrd, and what a preseed fetches', () => {
    const own = manifest();
    const debian = JSON.parse(file('manifest.json').toString()) as Manifest & {
      readonly preseed: readonly { readonly file: string }[];
      readonly minimum: { readonly memoryMiB: number };
    };
    expect([debian.disk, debian.blocks]).toEqual([own.disk, own.blocks]);
    expect(debian.kernel.file).toMatch(KERNEL);
    expect(debian.kernel).not.toEqual(own.kernel);
    expect(debian.preseed.map((one) => one.file)).toEqual([named('busybox'), named('system')]);
    expect(debian.minimum.memoryMiB).toBe(512);
    expect(readdirSync(join(folder, 'blocks'))).toEqual(blockFiles());
    for (const name of ['vmlinuz', 'initrd', 'busybox', 'system'])
      expect(named(name)).toContain(sha256(file(named(name))));
  });

  it('has scripts that know its own manifest', () => {
    const digest = sha256(file('manifest.json'));
    expect(file('install.sh').toString()).toMatch(new RegExp(`\\nMANIFEST='${digest}'\\n[^]*\\nMEMORY_MIB='512'\\n`));
    expect(file('preseed.cfg').toString()).toContain(`dsmb.manifest=${digest}`);
    expect(file('preseed.cfg').toString()).toContain(`fetch ${named('busybox')} && fetch ${named('system')} &&`);
  });

  it('has an initrd that ends with a root for the writer, its drivers, and a preseed that enters it', async () => {
    const system = file(named('system'));
    const initrd = file(named('initrd'));
    expect(initrd.subarray(initrd.length - system.length).equals(system)).toBe(true);
    const files = new Map<string, string>();
    for await (const { path, type, body } of readCpio(
      createReadStream(join(folder, named('system'))).pipe(createGunzip()),
    )) {
      if (type !== 'file') continue;
      const parts: Buffer[] = [];
      for await (const part of body()) parts.push(Buffer.from(part));
      files.set(path, Buffer.concat(parts).toString('latin1'));
    }
    const drivers = files.get('dsmb-root/etc/modules')?.trim().split('\n') ?? [];
    expect(drivers).toEqual(expect.arrayContaining(['virtio_blk', 'nvme', 'ahci', 'hv_storvsc']));
    const names = [
      ...drivers.map((driver) => `lib/modules/${driver}.ko`),
      'bin/dsmb-writer',
      'bin/busybox',
      'bin/curl',
    ];
    expect([...files.keys()]).toEqual(expect.arrayContaining(names.map((name) => `dsmb-root/usr/${name}`)));
    expect(files.get('dsmb-root/init')).toContain('install-disk');
    expect(files.get('preseed.cfg')).toMatch(/^d-i preseed\/early_command .*\n.*\n *chroot \/dsmb-root \/init /m);
  });
});

describe('the folder', { tags: 'long' }, () => {
  it('has every file under a name with its digest, so that none of these ever changes', () => {
    const named = readdirSync(made.folder).filter((name) => /-[0-9a-f]{64}/.test(name));
    expect(named.map((name) => name.replace(/-.*(?=\.json)|-[0-9a-f]*$/, ''))).toEqual([
      'initrd',
      'manifest.json',
      'vmlinuz',
    ]);
    for (const name of named) expect(name).toContain(sha256(read(name)));
    expect(read(named[1]!).equals(read('manifest.json'))).toBe(true);
    expect(manifest().kernel.file).toBe(named[2]);
  });

  it('has each block that is not zero, and the manifest says where it belongs', () => {
    const { blocks, disk, format } = manifest();
    expect(format).toBe('dsmb-install/1');
    const copy = Buffer.alloc(disk.bytes);
    for (const { index, sha256: digest, bytes, packed } of blocks) {
      const file = read(`blocks/${digest}.gz`);
      const content = gunzipSync(file);
      expect([sha256(content), content.length, file.length]).toEqual([digest, bytes, packed]);
      content.copy(copy, index * MIB);
    }
    expect(copy.equals(made.image)).toBe(true);
    expect(blockFiles().toSorted()).toEqual([...new Set(blocks.map((block) => `${block.sha256}.gz`))].toSorted());
  });

  it('says what a host must know', () => {
    const { macOffset, macDigits, ...rest } = manifest();
    expect(made.image.toString('latin1', macOffset, macOffset + 12)).toBe(macDigits);
    expect(rest).toMatchObject({
      boot: ['bios'],
      placeholderMac: '52:54:00:c9:18:27',
      macPrefixes: ['52:54:00'],
      minimum: { memoryMiB: 256, diskBytes: made.image.length },
      lastPartition: { number: 3, start: 81_920, sectors: 16_387, sectorsOffset: 490 },
    });
    const { offset = 0, bytes } = rest.network ?? {};
    expect(made.image.toString('latin1', offset, offset + 512)).toBe('\n'.repeat(512));
    expect([offset % 512, bytes]).toEqual([0, 512]);
  });

  it('has a script that knows the digest of the manifest', () => {
    expect(read('install.sh').toString()).toContain(`\nMANIFEST='${made.manifest}'\n`);
  });

  it('gets one block, one manifest and another script for another MAC address, and nothing else', async () => {
    const before = new Set([...blockFiles(), ...readdirSync(made.folder)]);
    const { executed } = await made.project.build(['//installer', '--set', 'mac=5254000A0B0C']);
    expect(executed).toEqual(['//disk', '//installer']);
    const added = [...blockFiles(), ...readdirSync(made.folder)].filter((name) => !before.has(name));
    expect(added.map((name) => name.replace(/[0-9a-f]{64}/, 'DIGEST')).toSorted()).toEqual([
      'DIGEST.gz',
      'manifest-DIGEST.json',
    ]);
    expect((await made.project.run(['log', '//installer'])).stdout).toMatch(/\b1 of \d+ blocks compressed/);
  });

  it('is refused where the digits of the address lie in two sectors', async () => {
    const before = '#'.repeat(512 - 'set default=0\nset mac1='.length - 7);
    made.project.edit('small-disk.step.ts', 'set default=0\\n', `set default=0\\n${before}\\n`);
    const { exitCode, stderr } = await made.project.build(['//installer']);
    expect(stderr).toMatch(/error INSTALL_MAC_PLACE \/\/installer/);
    expect(exitCode).toBe(1);
  });

  it.each([
    ["urls: ['ftp://x']", /`?urls`?: 'ftp:\/\/x' is not an address/],
    ['level: 12', /level: 12 is not 1 to 9/],
  ])('is refused with %s', async (attribute, message) => {
    made.project.edit('build.dsm.ts', 'cloudInstaller({ disk })', `cloudInstaller({ disk, ${attribute} })`);
    const { exitCode, stderr } = await made.project.build(['//installer']);
    made.project.edit('build.dsm.ts', `cloudInstaller({ disk, ${attribute} })`, 'cloudInstaller({ disk })');
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
