/** Unpacks packages into an ext4 file system, without root and without mounting. The same packages give the same bits. */
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rawToDisk } from 'dsmb/disk';
import { run, runToFile, sortByCodePoint, step } from 'dsmb/step';

interface Spec {
  readonly args: { readonly sizeMiB: number };
  readonly inputs: 'archives' | 'boot' | 'overlay' | 'unpack';
  readonly outputs: 'fileSystem';
}

export default step<Spec>(async ({ args, inputs, outputs, scratch, epoch, progress }) => {
  const root = join(scratch, 'root');
  const image = join(scratch, 'ext4.raw');
  writeFileSync(image, '');
  truncateSync(image, args.sizeMiB * 1024 ** 2);

  progress('unpacking the packages');
  const env = { E2FSPROGS_FAKE_TIME: String(epoch), FAKEROOTDONTTRYCHOWN: '1' };
  const { archives, boot, overlay, unpack } = inputs;
  const messages = join(scratch, 'unpack.log');
  await runToFile('fakeroot-sysv', ['sh', unpack, archives, root, image, boot, overlay], messages, { env });

  progress('setting the times');
  const commands = join(scratch, 'times');
  writeFileSync(
    commands,
    pathsOf(root)
      .flatMap((path) => timesOf(path, epoch))
      .join(''),
  );
  await run('debugfs', ['-w', '-f', commands, image], { env });
  rawToDisk(image, outputs.fileSystem);
});

function pathsOf(root: string): string[] {
  const below = readdirSync(root, { recursive: true, withFileTypes: true });
  return sortByCodePoint(['/', ...below.map((entry) => `/${relative(root, join(entry.parentPath, entry.name))}`)]);
}

/** mke2fs takes over when a file was unpacked and read. */
function timesOf(path: string, epoch: number): string[] {
  return ['atime', 'ctime', 'mtime'].map((field) => `set_inode_field "${path}" ${field} @${epoch}\n`);
}
