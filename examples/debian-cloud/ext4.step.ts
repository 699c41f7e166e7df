/** Makes an ext4 file system of folders laid over each other. The same folders give the same bits. */
import { cpSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rawToDisk } from 'dsmb/disk';
import { run, sortByCodePoint, step } from 'dsmb/step';

interface Spec {
  readonly args: {
    readonly sizeMiB: number;
    /** Names of inputs, from the lowest layer up. */
    readonly layers: readonly string[];
    /** Empty folders to add. */
    readonly folders: readonly string[];
  };
  readonly inputs: never;
  readonly outputs: 'fileSystem';
}

const UUID = '64736d62-0000-4000-8000-00000000e4f5';

export default step<Spec>(async ({ args, allInputs, outputs, scratch, epoch, progress }) => {
  const [tree, image, times] = ['tree', 'ext4.raw', 'times'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(tree);
  for (const layer of args.layers)
    cpSync(allInputs[layer]!, tree, { recursive: true, verbatimSymlinks: true, force: true });
  for (const folder of args.folders) mkdirSync(join(tree, folder), { recursive: true });

  progress('making the file system');
  writeFileSync(image, '');
  truncateSync(image, args.sizeMiB * 1024 ** 2);
  const env = { E2FSPROGS_FAKE_TIME: String(epoch) };
  await run('mke2fs', ['-q', '-F', '-t', 'ext4', '-U', UUID, '-E', `hash_seed=${UUID}`, '-d', tree, image], { env });
  // mke2fs takes over when the copies were made and read.
  writeFileSync(
    times,
    sortByCodePoint(pathsOf(tree))
      .map((path) => timesOf(path, epoch))
      .join(''),
  );
  await run('debugfs', ['-w', '-f', times, image], { env });
  rawToDisk(image, outputs.fileSystem);
});

function pathsOf(tree: string): string[] {
  const below = readdirSync(tree, { recursive: true, withFileTypes: true });
  return ['/', ...below.map((entry) => `/${relative(tree, join(entry.parentPath, entry.name))}`)];
}

function timesOf(path: string, epoch: number): string {
  return ['atime', 'ctime', 'mtime'].map((field) => `set_inode_field "${path}" ${field} @${epoch}\n`).join('');
}
