/**
 * Names and targets of links. The file system has bytes, trees have UTF-8: what is not UTF-8 is refused. Node reads
 * such bytes as U+FFFD without a word, so where that character shows, the bytes are read as well.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { fail } from '../src/model/diagnostic.ts';
import { shellWord } from '../src/model/shell-word.ts';

const REPLACEMENT = '\ufffd';

/** The names in a folder, which messages call `shown`. */
export function namesIn(folder: string, shown?: string): string[] {
  const names = readdirSync(folder);
  if (names.some((name) => name.includes(REPLACEMENT)))
    for (const bytes of readdirSync(folder, 'buffer')) if (!isUtf8(bytes)) refuseName(folder, shown, bytes);
  return names;
}

/** What a symlink says, which messages call `shown`. */
export function targetOf(link: string, shown?: string): string {
  const target = readlinkSync(link);
  if (!target.includes(REPLACEMENT)) return target;
  const bytes = readlinkSync(link, 'buffer');
  return isUtf8(bytes) ? target : refuseTarget(link, shown, bytes);
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}

function refuseName(folder: string, shown: string | undefined, bytes: Buffer): never {
  return fail('NOT_UTF8', `${shown ?? folder} holds a name that is not UTF-8: ${escaped(bytes)}`, {
    hint:
      shown === undefined
        ? `rename it, for example in bash: mv -- ${shellWord(`${folder}/`)}$'${escaped(bytes)}' ${shellWord(`${folder}/NAME`)}`
        : 'make the action use another name',
  });
}

function refuseTarget(link: string, shown: string | undefined, bytes: Buffer): never {
  return fail('NOT_UTF8', `the symlink ${shown ?? link} leads to a name that is not UTF-8: ${escaped(bytes)}`, {
    hint:
      shown === undefined
        ? `rename what it leads to, then: ln -sfn NAME ${shellWord(link)}`
        : 'make the action point it at another name',
  });
}

/** As bash reads it between `$'` and `'`. */
function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c
      ? `\\x${byte.toString(16).padStart(2, '0')}`
      : String.fromCharCode(byte),
  ).join('');
}
