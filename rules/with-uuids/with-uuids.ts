/** Rule: the UUIDs of a disk's arrays and file systems, set afterwards. */
import { attr, fail, rule } from 'dsmb';
import { Disk } from '../kinds.ts';
import { lateFileTools } from '../toolchains.ts';
import { isArrayUuid, isFileSystemUuid, repeatedUuid } from '../uuids.ts';

/**
 * Gives the arrays and file systems of an installed disk UUIDs that are known before the installation: those that the
 * installer chose differ each time. No machine starts, and only the blocks that differ are new. An array must be a mirror
 * of which the disk has the only member, a file system ext2, ext3, ext4 or swap, on a partition or on such an array.
 */
export const withUuids = rule({
  name: 'withUuids',
  makes: Disk,
  attributes: {
    disk: Disk,
    /** By the number of the member's partition: `{ 1: '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b' }`. */
    arrays: attr.optional(attr.record(attr.string)),
    /** By the number of the partition: `{ 1: '6e0c9f0a-7b1d-4c5e-9a8b-7c6d5e4f3a2b' }`. */
    fileSystems: attr.optional(attr.record(attr.string)),
  },
  implement({ disk, arrays = {}, fileSystems = {} }, actions) {
    const wanted = {
      arrays: checked('arrays', arrays, isArrayUuid, '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b'),
      fileSystems: checked('fileSystems', fileSystems, isFileSystemUuid, '6e0c9f0a-7b1d-4c5e-9a8b-7c6d5e4f3a2b'),
    };
    return actions.step({
      mnemonic: 'WithUuids',
      module: () => import('./with-uuids.step.ts'),
      toolchains: [actions.toolchain(lateFileTools)],
      args: wanted,
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { disk: Disk },
    }).disk;
  },
});

/** In small letters, so that the same UUIDs have the same key. */
function checked(
  attribute: string,
  uuids: Readonly<Record<string, string>>,
  isUuid: (text: string) => boolean,
  example: string,
): Readonly<Record<string, string>> {
  for (const [number, uuid] of Object.entries(uuids)) {
    if (!/^[1-9]\d*$/.test(number))
      fail('BAD_ATTRIBUTE', `${attribute}: '${number}' is not the number of a partition`, { attribute });
    if (!isUuid(uuid))
      fail('BAD_ATTRIBUTE', `${attribute}: '${uuid}' is not a UUID of this form`, {
        attribute,
        hint: `write it as '${example}'`,
      });
  }
  const repeated = repeatedUuid(Object.values(uuids));
  if (repeated !== undefined)
    fail('BAD_ATTRIBUTE', `${attribute}: '${repeated}' is there twice, and a UUID has to be one of a kind`, {
      attribute,
    });
  return Object.fromEntries(Object.entries(uuids).map(([number, uuid]) => [number, uuid.toLowerCase()]));
}
