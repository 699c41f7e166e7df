/** The images boot: real GRUB, real firmware, in QEMU. The kernel is none, so the end is what GRUB says before it. */
import { execFileSync, spawn } from 'node:child_process';
import { createRaw, diskToRaw, type RawFile } from 'dsmb/disk';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { BOOT_FILES } from '../boot-image/boot-files.ts';
import bootImage from '../boot-image/boot-image.step.ts';
import bootPartition from '../boot-partition/boot-partition.step.ts';
import { coreArguments } from '../boot-image/grub-core.ts';
import { grubConfigText } from '../grub-config/text.ts';
import bootableDisk from './bootable-disk.step.ts';
import { BOOT_PARTITION } from './layout.ts';
import { Workspace } from './steps.test-helper.ts';

const BOOT_IMG = `${inject('toolchains')['grub']}/usr/lib/grub/i386-pc/boot.img`;
const GRUB_STARTED = 'Starting DSM on the network card 525400C91827';
const config = grubConfigText({
  mac1: '525400C91827',
  otherMacs: [],
  serialConsole: true,
  serialNumber: 'A1',
  vid: '0x058f',
  pid: '0x6387',
  timeout: 0,
  extraArguments: '',
  sataArguments: '',
});

describe('in QEMU', () => {
  const work = new Workspace();
  afterAll(() => work[Symbol.dispose]());
  beforeAll(async () => {
    for (const partition of [1, 4])
      execFileSync('grub-mkimage', [...coreArguments(partition), `--output=${work.at(`core${partition}.img`)}`]);
    const files = work.loaderFiles('files', config);
    const image = { files, bootImg: BOOT_IMG, coreImg: work.at('core1.img') };
    await work.run(bootImage, { sizeMiB: 32, files: BOOT_FILES }, image, { image: work.at('boot-image.img') });
    await work.run(bootPartition, { ...BOOT_PARTITION, files: BOOT_FILES }, { files }, { boot: work.at('boot') });
    const disk = work.installedDisk('installed', 6 * 2 ** 30);
    const inputs = { disk, boot: work.at('boot'), bootImg: BOOT_IMG, coreImg: work.at('core4.img') };
    await work.run(bootableDisk, { boot: BOOT_PARTITION }, inputs, { bootable: work.at('disk') });
    diskToRaw(work.at('disk'), work.at('disk.img'));
    using empty: RawFile = createRaw(work.at('empty.img'), 2 ** 20);
    empty.write(0, Buffer.alloc(512));
  });

  const drive = (id: string, file: string) => [
    '-drive',
    `id=${id},if=none,format=raw,snapshot=on,file=${work.at(file)}`,
  ];

  test('the boot image as the second IDE master boots beside an empty first disk', async () => {
    const devices = ['-device', 'ide-hd,bus=ide.0,drive=a', '-device', 'ide-hd,bus=ide.1,drive=b,bootindex=0'];
    expect(
      await serialUntil(GRUB_STARTED, [...drive('a', 'empty.img'), ...drive('b', 'boot-image.img'), ...devices]),
    ).toBe(true);
  });

  test.each(['ide-hd,bus=ide.0', 'virtio-blk-pci'])('the disk boots alone as %s', async (device) => {
    expect(await serialUntil(GRUB_STARTED, [...drive('a', 'disk.img'), '-device', `${device},drive=a`])).toBe(true);
  });
});

/** Boots until the serial console shows a text; false where the machine ends, or 25 s pass, without it. */
function serialUntil(text: string, devices: readonly string[]): Promise<boolean> {
  const machine = [
    '-accel',
    'tcg',
    '-machine',
    'pc',
    '-m',
    '64',
    '-nodefaults',
    '-display',
    'none',
    '-serial',
    'stdio',
  ];
  const qemu = spawn('qemu-system-x86_64', [...machine, '-no-reboot', ...devices], {
    timeout: 25_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  return new Promise((resolve) => {
    qemu.on('close', () => resolve(output.includes(text)));
    qemu.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
      if (output.includes(text)) qemu.kill('SIGKILL');
    });
  });
}
