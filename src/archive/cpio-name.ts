/**
 * Names of cpio entries as text that gives back each of their bytes. A name that is not UTF-8 has a lone surrogate, U+DC80
 * to U+DCFF, for each byte from 0x80 on, as Python has it (PEP 383); in text that is UTF-8 there is none.
 */
import { isUtf8 } from 'node:buffer';

const ESCAPE = 0xdc00;

export function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte)).join('');
}

export function bytesOfName(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name);
  return Buffer.from(Array.from(name, (character) => character.charCodeAt(0) & 0xff));
}
