import {
  cpioDirectory,
  cpioFile,
  cpioSymlink,
  decompressed,
  lzma,
  readCpio,
  writeCpio,
  type CpioSource,
} from 'dsmb/archive';
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStepHere } from 'dsmb/testing';
import step from './patched-extra.step.ts';
import { kernel, kernelModule, moduleWith, RELEASE } from './test-module.test-helper.ts';

const LINUXRC = `#!/bin/sh
RootDevice=/dev/md0
Mnt=/tmpRoot
echo "START"
PrepareNodes
LoadModules base

echo "Detecting arrays"
raidautorun

mkdir -p "\${Mnt}"
	echo "Mounting \${RootDevice} \${Mnt}"
mount "\${RootDevice}" "\${Mnt}"
`;

const scriptAt = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
const HOST_NETWORK = scriptAt('host-network.sh');
const DATA_SCRIPTS = { dataDisks: scriptAt('data-disks.sh'), dataVolumes: scriptAt('data-volumes.sh') };

const STOCK_PATCH = `--- a/linuxrc.syno
+++ b/linuxrc.syno
@@ -5,6 +5,8 @@
 PrepareNodes
 LoadModules base
 
+. /etc/rc.modules
+LoadModules \${EXTRA_MODULES} \${DISK_MODULES}
 echo "Detecting arrays"
 raidautorun
 
`;

const OVERLAY: readonly CpioSource[] = [
  cpioFile('init', '#!/bin/busybox sh\n', 0o755),
  cpioDirectory('etc'),
  cpioFile('etc/jun.patch', STOCK_PATCH),
  cpioFile('etc/rc.modules', '# Drivers.\nEXTRA_MODULES="e1000"\nDISK_MODULES=""\nEXTRA_FIRMWARES=""\n'),
  cpioFile('usr/lib/modules/e1000.ko', kernelModule()),
  cpioSymlink('usr/sbin/modprobe', '../../bin/busybox'),
];

let folder = '';
let round = 0;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'extra-'))));
afterAll(() => rm(folder, { recursive: true }));

interface Given {
  readonly overlay?: readonly CpioSource[];
  readonly linuxrc?: string;
  readonly drivers?: Readonly<Record<string, Buffer>>;
  readonly mdadmConf?: string;
  readonly assembleArrays?: boolean;
  readonly dataDisks?: number | readonly string[];
}

/** Runs the step on real files, and gives the packed overlay's path. */
async function patchedExtra(given: Given): Promise<string> {
  const here = join(folder, String(round++));
  await mkdir(join(here, 'drivers'), { recursive: true });
  await mkdir(join(here, 'scratch'));
  const required = {
    extra: join(here, 'in.lzma'),
    rd: join(here, 'rd.gz'),
    kernel: join(here, 'zImage'),
    hostNetwork: HOST_NETWORK,
  };
  const inputs: Record<string, string> = { ...required };
  await writeFile(required.kernel, kernel(RELEASE));
  await lzma(writeCpio(given.overlay ?? OVERLAY, 1), required.extra);
  await lzma(writeCpio([cpioFile('linuxrc.syno', given.linuxrc ?? LINUXRC, 0o755)], 1), required.rd);
  for (const [name, content] of Object.entries(given.drivers ?? {}))
    await writeFile(join(here, 'drivers', name), content);
  if (given.drivers) inputs['drivers'] = join(here, 'drivers');
  if (given.mdadmConf !== undefined) await writeFile((inputs['mdadmConf'] = join(here, 'mdadm.conf')), given.mdadmConf);
  const { assembleArrays = true, dataDisks } = given;
  if (dataDisks !== undefined) Object.assign(inputs, DATA_SCRIPTS);
  const extra = join(here, 'extra.lzma');
  await runStepHere(step, {
    args: { assembleArrays, ...(dataDisks === undefined ? {} : { dataDisks }) },
    inputs: required,
    allInputs: inputs,
    outputs: { extra },
    scratch: join(here, 'scratch'),
    epoch: 1_700_000_000,
  });
  return extra;
}

async function contents(archive: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of readCpio(decompressed(archive))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.body()) chunks.push(chunk);
    found.set(entry.path, Buffer.concat(chunks).toString('latin1'));
  }
  return found;
}

/** What patch(1) makes of linuxrc.syno in the virtual machine. */
async function patchedLinuxrc(patch: string, program: readonly [string, ...string[]]): Promise<string> {
  const here = join(folder, `patched-${round++}`);
  await mkdir(here);
  await writeFile(join(here, 'linuxrc.syno'), LINUXRC);
  await execa(program[0], [...program.slice(1), '-p1'], { cwd: here, input: patch });
  return await readFile(join(here, 'linuxrc.syno'), 'utf8');
}

describe('patchedExtra', () => {
  test.each([[['patch', '--no-backup-if-mismatch']], [['busybox', 'patch']]] as [[string, ...string[]]][])(
    'the arrays are assembled just before the mount, by %s',
    async (program) => {
      const patch = (await contents(await patchedExtra({}))).get('etc/jun.patch') ?? '';
      const lines = (await patchedLinuxrc(patch, program)).split('\n');
      const mount = lines.findIndex((line) => line.includes('echo "Mounting ${RootDevice} ${Mnt}"'));
      expect(lines.slice(mount - 5, mount)).toEqual([
        'mkdir -p /run/mdadm',
        '[ -b /dev/md0 ] || mknod /dev/md0 b 9 0',
        'mdadm -S /dev/md0',
        'mdadm --assemble --scan',
        'sh /etc/dsmb-network.sh "${RootDevice}"',
      ]);
      expect(lines).toContain('. /etc/rc.modules');
    },
  );

  test('other disks are seen to behind the arrays of the system, with what is known of them', async () => {
    const files = await contents(await patchedExtra({ dataDisks: 2, mdadmConf: 'ARRAY /dev/md2 name=nas:2 UUID=x\n' }));
    const lines = (await patchedLinuxrc(files.get('etc/jun.patch') ?? '', ['patch'])).split('\n');
    const mount = lines.findIndex((line) => line.includes('echo "Mounting ${RootDevice} ${Mnt}"'));
    expect(lines.slice(mount - 3, mount)).toEqual([
      'sh /etc/dsmb-network.sh "${RootDevice}"',
      '# dsmb: data disks.',
      'sh /etc/dsmb-data.sh "${RootDevice}"',
    ]);
    expect(files.get('etc/dsmb-data.conf')).toBe("DISKS=2\nHOST='nas'\n");
    expect(files.get('etc/dsmb-data.sh')).toBe(await readFile(DATA_SCRIPTS.dataDisks, 'latin1'));
    expect(files.get('etc/dsmb-volumes.sh')).toBe(await readFile(DATA_SCRIPTS.dataVolumes, 'latin1'));
  });

  test('a number of other disks needs the name of the host, which may be in an overlay', async () => {
    const overlay = [...OVERLAY, cpioFile('etc/mdadm.conf', 'ARRAY /dev/md2 name=nas:2 UUID=x\n')];
    expect((await contents(await patchedExtra({ dataDisks: 2, overlay }))).get('etc/dsmb-data.conf')).toMatch('nas');
    for (const given of [{}, { mdadmConf: 'ARRAY /dev/md0 metadata=0.90 UUID=1:2:3:4\n' }])
      await expect(patchedExtra({ dataDisks: 2, ...given })).rejects.toMatchObject({
        diagnostic: { code: 'DATA_DISKS' },
      });
  });

  test('doing it again changes nothing', async () => {
    const given = {
      dataDisks: ['3f6d1c2b-5a49-4e38-8d27-1c0b9a8f7e6d'],
      drivers: { 'virtio_blk.ko': kernelModule() },
      mdadmConf: 'ARRAY /dev/md0\n',
    };
    const once = await patchedExtra(given);
    const overlay: CpioSource[] = [];
    for await (const entry of readCpio(decompressed(once))) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.body()) chunks.push(chunk);
      overlay.push({ ...entry, body: () => chunks });
    }
    expect((await readFile(await patchedExtra({ ...given, overlay }))).equals(await readFile(once))).toBe(true);
  });

  test('drivers are added, unpacked, and listed after what they depend on', async () => {
    const virtio = kernelModule('virtio_ring', 'virtio');
    await writeFile(join(folder, 'x.ko'), kernelModule('virtio', 'virtio-ring'));
    const { stdout } = await execa('xz', ['-c', join(folder, 'x.ko')], { encoding: 'buffer' });
    const drivers = {
      'virtio_blk.ko.xz': Buffer.from(stdout),
      'virtio.ko': kernelModule(),
      'virtio-ring.ko': kernelModule('virtio'),
      'virtio_net.ko': virtio,
    };
    const files = await contents(await patchedExtra({ drivers }));
    expect(files.get('usr/lib/modules/virtio_blk.ko')).toBe(kernelModule('virtio', 'virtio-ring').toString('latin1'));
    expect(files.get('etc/rc.modules')).toBe(
      '# Drivers.\nEXTRA_MODULES="e1000 virtio virtio-ring virtio_net"\nDISK_MODULES="virtio_blk"\nEXTRA_FIRMWARES=""\n',
    );
  });

  test('folders come first, then modprobe; owner, time and inodes are fixed', async () => {
    const extra = await patchedExtra({ mdadmConf: 'ARRAY /dev/md0 metadata=0.90 UUID=1:2:3:4\n' });
    const entries = [];
    for await (const { path, uid, gid, mtime } of readCpio(decompressed(extra)))
      entries.push({ path, uid, gid, mtime });
    expect(entries.map(({ path }) => path)).toEqual([
      'etc',
      'usr',
      'usr/lib',
      'usr/lib/modules',
      'usr/sbin',
      'usr/sbin/modprobe',
      'etc/dsmb-network.sh',
      'etc/jun.patch',
      'etc/mdadm.conf',
      'etc/rc.modules',
      'init',
      'usr/lib/modules/e1000.ko',
    ]);
    expect(entries.every(({ uid, gid, mtime }) => uid === 0 && gid === 0 && mtime === 1_700_000_000)).toBe(true);
    expect((await contents(extra)).get('etc/mdadm.conf')).toBe('ARRAY /dev/md0 metadata=0.90 UUID=1:2:3:4\n');
    const { stdout } = await execa('sh', ['-c', 'xz --format=lzma -dc | cpio -t --quiet'], { inputFile: extra });
    expect(stdout.split('\n')).toEqual(entries.map(({ path }) => path));
  });

  test('without the assembly the patch stays as it was', async () => {
    expect((await contents(await patchedExtra({ assembleArrays: false }))).get('etc/jun.patch')).toBe(STOCK_PATCH);
  });

  test('a patch for another linuxrc.syno fails, with the hunk and the nearest lines', async () => {
    const linuxrc = LINUXRC.replace('LoadModules base', 'LoadModules other')
      .replace('PrepareNodes', 'MakeNodes')
      .replace('raidautorun', 'mdadm --auto-detect')
      .replace('Detecting', 'Looking for');
    await expect(patchedExtra({ linuxrc })).rejects.toMatchObject({
      diagnostic: { code: 'PATCH_DOES_NOT_APPLY', detail: expect.stringContaining(' 6 | LoadModules other') },
    });
    await expect(patchedExtra({ linuxrc: LINUXRC.replace('Mounting', 'Using') })).rejects.toMatchObject({
      diagnostic: { code: 'NO_MOUNT_LINE', detail: '15 | mount "${RootDevice}" "${Mnt}"' },
    });
  });

  test('drivers for another kernel are refused, unless each symbol has its version', async () => {
    const other = (options: string) => ({ 'a.ko': moduleWith(`depends=\0vermagic=4.4.59 SMP ${options}\0`) });
    await expect(patchedExtra({ drivers: other('mod_unload ') })).rejects.toMatchObject({
      diagnostic: { code: 'DRIVER_KERNEL_MISMATCH', detail: 'a.ko: 4.4.59 SMP mod_unload ' },
    });
    await patchedExtra({ drivers: other('mod_unload modversions ') });
  });

  test.each([
    ['NO_DRIVERS', { 'readme.txt': Buffer.from('x') }],
    ['ELF_CORRUPT', { 'bad.ko': Buffer.from('no module') }],
    ['ELF_CORRUPT', { 'cut.ko': kernelModule('a').subarray(0, -40) }],
    ['DRIVER_TWICE', { 'a.ko': kernelModule(), 'a.ko.gz': kernelModule() }],
  ] as [string, Record<string, Buffer>][])('%s', async (code, drivers) => {
    await expect(patchedExtra({ drivers })).rejects.toMatchObject({ diagnostic: { code } });
  });
});
