/** Changes in a FAT, made by mtools in a copy of it. */
import { statSync, utimesSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, run } from 'dsmb/step';
import type { Change } from './changes.ts';

/** FAT has neither links nor owners nor modes. `epoch`: the time of what is laid, in seconds since 1970. */
export async function changeFat(
  image: string,
  changes: readonly Change[],
  epoch: number,
  scratch: string,
): Promise<void> {
  const env = { SOURCE_DATE_EPOCH: `${epoch}`, MTOOLS_SKIP_CHECK: '1', TZ: 'UTC' };
  const mtool = (program: string, ...args: string[]) => run(program, ['-i', image, ...args], { env });
  for (const change of changes) {
    if (change.type === 'remove-file') await mtool('mdel', `::/${change.path}`);
    else if (change.type === 'remove-folder') await mtool('mrd', `::/${change.path}`);
    else if (change.type === 'rights') unknown(`mode or owner of /${change.path}`);
    else if (change.late.type === 'symlink') unknown(`symlink /${change.late.path}`);
    else if (change.late.type === 'directory') await mtool('mmd', `::/${change.late.path}`);
    else {
      const { source, path } = change.late;
      const dated = join(scratch, 'dated');
      copyFileSync(source, dated);
      utimesSync(dated, epoch, epoch);
      try {
        await mtool('mcopy', '-Q', '-m', dated, `::/${path}`);
      } catch (error) {
        throw noRoom(error, path, statSync(source).size);
      }
    }
  }
  await run('fsck.fat', ['-n', image]);
}

function unknown(what: string): never {
  return fail('DISK_CHANGE', `FAT has no ${what.split(' ')[0]}s: ${what} cannot be laid`);
}

function noRoom(error: unknown, path: string, size: number): unknown {
  const { detail = '' } = (error as { diagnostic?: { detail?: string } }).diagnostic ?? {};
  if (!/disk full|no space|no free/i.test(detail)) return error;
  return fail('FILE_SYSTEM_FULL', `not enough space for /${path}, which has ${size} bytes`, {
    hint: 'take something away with `remove`, or make the file system larger where it is made',
  });
}
