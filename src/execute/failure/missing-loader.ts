/** "No such file", said of a program that is there, means what starts it: the loader of its ELF file, or its interpreter. */
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];
/** The loader's name stands at the beginning of a file; the kernel reads as much of a script's first line. */
const HEAD_BYTES = 4096;
const PT_INTERP = 3;
/** How many interpreters of interpreters Linux starts. */
const MAX_DEPTH = 5;

/** A program of a root, and what it is started by and the root does not have; both as absolute paths of the root. */
export interface MissingLoader {
  readonly program: string;
  readonly loader: string;
}

/** Why a program of a root that is laid out in a folder does not start; undefined where it is not for want of a loader. */
export function missingLoader(root: string, program: string, depth = MAX_DEPTH): MissingLoader | undefined {
  const places = program.includes('/') ? [program] : FOLDERS.map((folder) => `/${folder}/${program}`);
  const path = places.find((place) => fileIn(root, place) !== undefined);
  const loader = path && loaderOf(fileIn(root, path)!);
  if (!loader || depth === 0) return undefined;
  // What starts a script may itself lack a loader.
  return fileIn(root, loader) ? missingLoader(root, loader, depth - 1) : { program: path, loader };
}

/** The file that a path of the root leads to. Names come from logs, and links from actions: none leads out of the root. */
function fileIn(root: string, path: string): string | undefined {
  try {
    const real = realpathSync(join(root, path));
    return real.startsWith(`${realpathSync(root)}/`) && statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}

/** An ELF file names its loader in a segment, a script its interpreter behind `#!`; see execve(2). */
function loaderOf(file: string): string | undefined {
  const head = headOf(file);
  const text = head.toString('latin1');
  const found = text.startsWith('#!') ? /^#![ \t]*([^\s]+)/.exec(text)?.[1] : interpreterOf(head);
  return found?.startsWith('/') ? found : undefined;
}

/** The segment PT_INTERP of a 64-bit little-endian ELF file; see elf(5). */
function interpreterOf(head: Buffer): string | undefined {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return undefined;
  const [start, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let index = 0; index < count; index++) {
    const at = start + index * size;
    if (at + 40 > head.length) return undefined;
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    return head.toString('latin1', from, from + Number(head.readBigUInt64LE(at + 32))).replace(/\0.*$/s, '');
  }
  return undefined;
}

function headOf(file: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const opened = openSync(file, 'r');
  try {
    return head.subarray(0, readSync(opened, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(opened);
  }
}
