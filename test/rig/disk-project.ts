/** A target that is a disk with a FAT made of a source folder, and one that is a folder of what strangers put in images. */
import type { Files } from './project.ts';
import { MARKUP } from './held-build.ts';

const RULES = `
import { attr, kind, rule, Tree } from 'dsmb';

const Disk = kind('Disk', 'folder');

export const fatDisk = rule({
  name: 'fatDisk',
  makes: Disk,
  attributes: { files: Tree },
  implement: ({ files }, actions) =>
    actions.step({
      mnemonic: 'FatDisk',
      module: () => import('./fat-disk.step.ts'),
      args: {},
      inputs: { files },
      outputs: { disk: Disk, strange: Tree },
    }).disk,
});
`;

const STEP = `
import { readdirSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource, editDisk, SECTOR, withMbr, writeFat16 } from 'dsmb/disk';
import { step } from 'dsmb/step';

const [START, SECTORS] = [2048, 16 * 2048];
/** One pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export default step<{ args: object; inputs: 'files'; outputs: 'disk' | 'strange' }>(async ({ inputs, outputs }) => {
  const image = Buffer.alloc(SECTORS * SECTOR);
  const files = readdirSync(inputs.files).map((name) => ({
    path: 'boot/' + name,
    source: bufferSource(readFileSync(join(inputs.files, name))),
  }));
  const fat = { sectors: SECTORS, hiddenSectors: START, volumeId: 1, label: 'BOOT', epoch: 1_577_836_800, files };
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, fat);
  const disk = editDisk({ to: outputs.disk, size: 400 * 2 ** 20 });
  const partition = { number: 1, active: true, type: 0x0e, start: START, sectors: SECTORS } as const;
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions: [partition] }));
  disk.splice(bufferSource(image), START * SECTOR);
  disk.finish();
  mkdirSync(outputs.strange);
  writeFileSync(join(outputs.strange, ${JSON.stringify(MARKUP.replaceAll('/', '\\'))}), ${JSON.stringify(MARKUP)});
  writeFileSync(join(outputs.strange, 'page.html'), '<script>hit = 1</script>');
  writeFileSync(join(outputs.strange, 'picture.svg'), '<svg xmlns="http://www.w3.org/2000/svg" onload="hit = 1"/>');
  writeFileSync(join(outputs.strange, 'pixel.png'), Buffer.from(PNG, 'base64'));
  writeFileSync(join(outputs.strange, '50% ?a=b&c#d.bin'), Buffer.alloc(5000, 0xfe));
});
`;

/** `//disk`, of the folder `files`. */
export const DISK_PROJECT: Files = {
  'fat-disk.ts': RULES,
  'fat-disk.step.ts': STEP,
  'build.dsm.ts': `import { folder } from 'dsmb';
    import { fatDisk } from './fat-disk.ts';
    export const disk = fatDisk({ files: folder('files') });`,
  'files/grub.cfg': 'set mac1=1\n',
  'files/zImage': 'kernel'.repeat(70_000),
};
