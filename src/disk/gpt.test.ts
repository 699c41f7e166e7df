import { expect, test } from 'vitest';
import { openFat } from './fat/reader.ts';
import { hasGpt, parseGpt } from './gpt.ts';
import { fixture } from './model.test-helper.ts';
import { SECTOR } from './mbr.ts';
import { bufferSource, sliceSource } from './source.ts';

const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';

test('a table of sfdisk is read', () => {
  const gpt = parseGpt(bufferSource(fixture('jun')));
  expect(gpt.diskId).toBe('01234567-89AB-CDEF-0123-456789ABCDEF');
  expect(gpt.partitions.map(({ number, name, start, sectors }) => [number, name, start, sectors])).toEqual([
    [1, 'EFI System', 2048, 30_720],
    [2, 'Linux filesystem', 32_768, 61_440],
    [3, 'BIOS boot partition', 34, 2014],
  ]);
  expect(gpt.partitions[0]).toMatchObject({ type: EFI, id: '11111111-2222-3333-4444-555555555555' });
});

test("a loader's files are read out of its GPT image", () => {
  const disk = bufferSource(fixture('jun'));
  const { start = 0, sectors = 0 } = parseGpt(disk).partitions[1] ?? {};
  const volume = openFat(sliceSource(disk, start * SECTOR, sectors * SECTOR));
  const file = volume.file('rd.gz');
  expect(volume.list().map((entry) => entry.name)).toEqual(['zImage', 'rd.gz', 'extra.lzma']);
  expect(file.read(0, file.size).toString()).toBe('content of rd.gz\n');
});

test.each([
  ['a flipped bit in the header', SECTOR + 60, 'checksum of the GPT header'],
  ['a flipped bit in an entry', 2 * SECTOR + 57, 'checksum of the GPT entries'],
  ['a header that claims more than a sector', SECTOR + 13, 'claims'],
])('%s is found', (_what, at, message) => {
  const image = fixture('jun');
  image[at] = (image[at] ?? 0) ^ 0x40;
  expect(() => parseGpt(bufferSource(image))).toThrow(message);
});

test('a disk that was cut is found', () => {
  const image = fixture('jun').subarray(0, 40 * 1024 * 1024);
  expect(() => parseGpt(bufferSource(image))).toThrow('partition 2 (sectors 32768 to 94207) does not lie on the disk');
  expect(hasGpt(bufferSource(Buffer.alloc(100)))).toBe(false);
});
