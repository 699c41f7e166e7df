/** What people do to delivered outputs. The next build that is asked for them delivers them as they should be. */
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export const MEDDLINGS = ['mode', 'content', 'removed', 'added', 'all removed', 'stamps removed'] as const;
export type Meddling = (typeof MEDDLINGS)[number];

/** Changes something in the folder of a target, if it was delivered. */
export function meddle(outputs: string, target: string, how: Meddling): void {
  const folder = join(outputs, target);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find((entry) => entry.isFile());
  const path = found && join(found.parentPath, found.name);
  switch (how) {
    case 'mode':
      return path === undefined ? undefined : chmodSync(path, statSync(path).mode ^ 0o111);
    case 'content':
      return path === undefined ? undefined : changeFirstByte(path);
    case 'removed':
      return rmSync(path ?? folder, { recursive: true });
    case 'added':
      return writeFileSync(join(found?.parentPath ?? folder, 'foreign'), 'foreign');
    case 'all removed':
      return rmSync(outputs, { recursive: true });
    case 'stamps removed':
      return rmSync(join(outputs, '.stamps'), { recursive: true, force: true });
  }
}

/** In place, with mode and time put back. */
function changeFirstByte(path: string): void {
  const { mode, atime, mtime } = statSync(path);
  chmodSync(path, 0o600);
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 0);
  writeSync(file, Buffer.from([byte[0]! ^ 1]), 0, 1, 0);
  closeSync(file);
  chmodSync(path, mode);
  utimesSync(path, atime, mtime);
}
