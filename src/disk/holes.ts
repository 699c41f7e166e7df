/** Where a sparse file may have data, as far as the file system tells. */
import { execFileSync } from 'node:child_process';
import type { ByteRange } from './compare.ts';

/** `filefrag` (e2fsprogs) is where administrators' programs are, which need not be in a user's PATH. */
const PATH = '/usr/sbin:/sbin:/usr/bin:/bin';
const ROW = /^ *\d+: *(\d+)\.\. *(\d+): *\d+\.\. *\d+: *(\d+):/;

/**
 * Ranges outside which a file is all zero, ascending; undefined where nobody can tell. Node cannot ask the kernel for
 * holes itself. `-s` writes the file out first, so that nothing is left that the file system has not placed yet.
 */
export function dataRanges(path: string): readonly ByteRange[] | undefined {
  try {
    const text = execFileSync('filefrag', ['-s', '-v', '-b512', path], {
      encoding: 'utf8',
      env: { PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
    });
    return parseFilefrag(text);
  } catch {
    return undefined;
  }
}

/** Reads the table, whose numbers are sectors of 512 bytes; undefined when it does not end as it should. */
export function parseFilefrag(text: string): readonly ByteRange[] | undefined {
  const lines = text.trimEnd().split('\n');
  if (!/ extents? found$/.test(lines.at(-1) ?? '') || !/blocks? of 512 bytes/.test(text)) return undefined;
  const rows = lines.filter((line) => /^ *\d+:/.test(line)).map((line) => ROW.exec(line));
  // A row that is not understood may be data: better to read everything.
  if (rows.includes(null)) return undefined;
  return rows.map((row) => ({ offset: Number(row?.[1]) * 512, length: Number(row?.[3]) * 512 }));
}
