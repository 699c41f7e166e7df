/** The UUID of an ext2, ext3 or ext4, set by e2fsprogs in an image of what the file system keeps about its files. */
import { fileSource } from 'dsmb/disk';
import { run } from 'dsmb/step';

/**
 * Where all that the file system keeps has checksums, the UUID is in each of them, and tune2fs computes them again, also for
 * what is damaged. It asks for a check after the last mount: that is the first one here, which changes nothing, and of which
 * the superblock is told. The second one checks what tune2fs did. `epoch`: what is now, in seconds since 1970.
 */
export async function setExtUuid(image: string, uuid: string, epoch: number): Promise<void> {
  const env = { E2FSPROGS_FAKE_TIME: `${epoch}` };
  await check(image);
  await run('debugfs', ['-w', '-R', `set_super_value lastcheck @${mountTime(image)}`, image], { env });
  await run('tune2fs', ['-U', uuid, image], { env });
  await check(image);
}

function check(image: string): Promise<unknown> {
  return run('e2fsck', ['-f', '-n', image]);
}

/** Of the superblock, behind the first 1024 bytes: when it was mounted, in seconds since 1970. */
function mountTime(image: string): number {
  using source = fileSource(image);
  return source.read(1024 + 0x2c, 4).readUInt32LE(0);
}
