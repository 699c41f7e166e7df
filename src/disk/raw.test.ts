import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { editDisk } from './editor.ts';
import { parseQemuMap } from './extents.ts';
import { BLOCK_SIZE } from './format.ts';
import { filesOf, ModelDisk, temporaryFolder } from './model.test-helper.ts';
import { writableDisk } from './overlay.ts';
import { diskToRaw, overlayToDisk, rawToDisk } from './raw.ts';

const MIB = BLOCK_SIZE;
const chunk = fc.record({
  offset: fc.integer({ min: 0, max: 6 * MIB }),
  length: fc.integer({ min: 1, max: 2 * MIB }),
  fill: fc.integer({ min: 0, max: 255 }),
});

/** Writes chunks into a sparse file; `dense` fills the holes with written zeros first. */
function writeRaw(path: string, model: ModelDisk, chunks: Iterable<{ offset: number; bytes: Buffer }>, dense: boolean) {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, model.size);
  if (dense) writeSync(descriptor, Buffer.alloc(model.size), 0, model.size, 0);
  for (const { offset, bytes } of chunks) writeSync(descriptor, bytes, 0, bytes.length, offset);
  closeSync(descriptor);
}

test('raw to disk and back, wherever the holes lie', () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 4 }), fc.integer({ min: 1, max: 8 * MIB }), (list, size) => {
      using folder = temporaryFolder();
      const at = (name: string) => join(folder.path, name);
      const model = new ModelDisk(size);
      const chunks = list
        .filter(({ offset }) => offset < size)
        .map(({ offset, length, fill }) => ({ offset, bytes: Buffer.alloc(Math.min(length, size - offset), fill) }));
      for (const { offset, bytes } of chunks) model.write(offset, bytes);
      writeRaw(at('sparse'), model, chunks, false);
      writeRaw(at('dense'), model, chunks, true);
      rawToDisk(at('sparse'), at('disk1'));
      rawToDisk(at('dense'), at('disk2'));
      const extents = chunks.map(({ offset, bytes }) => ({ start: offset, length: bytes.length, zero: false }));
      rawToDisk(at('dense'), at('disk3'), { extents: extents.sort((a, b) => a.start - b.start) });
      expect(filesOf(at('disk1'))).toEqual(model.files());
      expect(filesOf(at('disk2'))).toEqual(model.files());
      expect(filesOf(at('disk3'))).toEqual(model.files());
      diskToRaw(at('disk1'), at('raw'));
      expect(readFileSync(at('raw')).equals(readFileSync(at('dense')))).toBe(true);
    }),
    { numRuns: examples(25) },
  );
});

test('a raw file keeps its holes', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'raw'), 'some data');
  const descriptor = openSync(join(folder.path, 'raw'), 'r+');
  ftruncateSync(descriptor, 200 * MIB);
  closeSync(descriptor);
  rawToDisk(join(folder.path, 'raw'), join(folder.path, 'disk'));
  diskToRaw(join(folder.path, 'disk'), join(folder.path, 'back'));
  const { size, blocks } = statSync(join(folder.path, 'back'));
  expect(size).toBe(200 * MIB);
  expect(blocks * 512).toBeLessThanOrEqual(64 * 1024);
});

describe('with the real qemu-img', () => {
  test('an overlay gives the disk that the guest saw, and only its clusters are read', () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const qemu = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' });
    const model = new ModelDisk(300 * MIB);
    model.write(3 * MIB, Buffer.alloc(2 * MIB, 1));
    model.write(280 * MIB, Buffer.alloc(MIB, 2));
    writeRaw(
      at('base.raw'),
      model,
      [...model.blocks].map(([index, bytes]) => ({ offset: index * MIB, bytes })),
      false,
    );
    rawToDisk(at('base.raw'), at('base'));
    qemu('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', at('base.raw'), '-F', 'raw', at('overlay'), '310M');
    const commands = ['write -P 7 100k 10k', 'write -z 3M 1M', 'discard 4M 64k', 'write -P 9 305M 1M'];
    qemu('qemu-io', ...commands.flatMap((command) => ['-c', command]), at('overlay'));
    const map = parseQemuMap(qemu('qemu-img', 'map', '--output=json', at('overlay')));
    const summary = overlayToDisk({ base: at('base'), overlay: at('overlay'), map, to: at('disk') });
    expect(summary).toMatchObject({ size: 310 * MIB });
    qemu('qemu-img', 'convert', '-O', 'raw', at('overlay'), at('flat'));
    rawToDisk(at('flat'), at('expected'));
    expect(filesOf(at('disk'))).toEqual(filesOf(at('expected')));
  });

  test('any writes through an overlay give what they give on a plain file', async () => {
    const write = fc.record({
      kind: fc.constantFrom('-P', '-z'),
      sector: fc.nat(8 * 2048 - 1),
      sectors: fc.integer({ min: 1, max: 3000 }),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 5 }), async (writes) => {
        using folder = temporaryFolder();
        const at = (name: string) => join(folder.path, name);
        const model = new ModelDisk(8 * MIB);
        model.write(MIB, Buffer.alloc(3 * MIB, 5));
        writeRaw(at('raw'), model, [{ offset: MIB, bytes: Buffer.alloc(3 * MIB, 5) }], false);
        rawToDisk(at('raw'), at('base'));
        const disk = await writableDisk({ disk: at('base'), raw: at('raw') }, at('overlay'));
        const commands = writes.map(({ kind, sector, sectors, fill }) => {
          const [offset, bytes] = [sector * 512, Math.min(sectors * 512, model.size - sector * 512)];
          model.write(offset, Buffer.alloc(bytes, kind === '-z' ? 0 : fill));
          return `write ${kind === '-z' ? '-z' : `-P ${fill}`} ${offset} ${bytes}`;
        });
        execFileSync('qemu-io', [...commands.flatMap((command) => ['-c', command]), '-c', 'flush', disk.file]);
        await disk.toDisk(at('disk'));
        expect(filesOf(at('disk'))).toEqual(model.files());
      }),
      { numRuns: examples(12) },
    );
  });

  test('a writable disk costs the blocks that were written, and its base is not written to', async () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const base = editDisk({ to: at('base'), size: 300 * MIB });
    for (let index = 0; index < 300; index += 3) base.write(index * MIB, Buffer.from(`block ${index}`));
    base.finish();
    diskToRaw(at('base'), at('raw'));
    const before = statSync(at('raw'));
    chmodSync(at('raw'), 0o444);
    const disk = await writableDisk({ disk: at('base'), raw: at('raw') }, at('overlay'));
    const commands = [
      'write -P 7 10M 1k',
      'write -P 7 10300k 1k',
      'write -P 8 200M 2M',
      'write -z 3M 1M',
      'write -z 1M 64k',
    ];
    execFileSync('qemu-io', [...commands.flatMap((command) => ['-c', command]), disk.file]);
    // Blocks 10, 200 and 201; 3 is gone. Linked are the other 84 blocks of the first group, and the second group as one.
    expect(await disk.toDisk(at('disk'))).toEqual({ size: 300 * MIB, written: 3, linked: 85 });
    execFileSync('qemu-img', ['convert', '-O', 'raw', at('overlay'), at('flat')]);
    rawToDisk(at('flat'), at('expected'));
    expect(filesOf(at('disk'))).toEqual(filesOf(at('expected')));
    expect(statSync(at('raw')).mtimeMs).toBe(before.mtimeMs);
    diskToRaw(at('base'), at('again'));
    expect(readFileSync(at('raw')).equals(readFileSync(at('again')))).toBe(true);
  });
});
