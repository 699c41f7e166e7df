/** What a downloaded file is, told by its bytes and not by its name. */
import { fileSource, type ByteSource } from 'dsmb/disk';

/** What has to be unpacked before a disk or a folder is seen. */
export type Form =
  /** `format`: as qemu-img calls it. */
  | { readonly type: 'disk'; readonly name: string; readonly format: 'qcow2' | 'vmdk' | 'vpc' | 'vhdx' | 'vdi' }
  | { readonly type: 'archive'; readonly name: string }
  | { readonly type: 'compressed'; readonly name: string }
  | { readonly type: 'encrypted'; readonly name: string };

/** Bytes at an offset. */
interface Mark {
  readonly at: number;
  readonly bytes: Buffer;
  readonly form: Form;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const disk = (format: (Form & { type: 'disk' })['format'], name: string): Form => ({ type: 'disk', format, name });
const archive = (name: string): Form => ({ type: 'archive', name });
const compressed = (name: string): Form => ({ type: 'compressed', name });

/** VHD has its footer at the end, and a dynamic one a copy of it in front. */
const VHD = latin1('conectix');
const VHD_FOOTER_BYTES = 512;

const MARKS: readonly Mark[] = [
  { at: 0, bytes: latin1('QFI\xfb'), form: disk('qcow2', 'qcow2') },
  { at: 0, bytes: latin1('KDMV'), form: disk('vmdk', 'VMDK') },
  { at: 0, bytes: latin1('# Disk DescriptorFile'), form: disk('vmdk', 'VMDK') },
  { at: 0, bytes: VHD, form: disk('vpc', 'VHD') },
  { at: 0, bytes: latin1('vhdxfile'), form: disk('vhdx', 'VHDX') },
  { at: 0x40, bytes: hex('7f10dabe'), form: disk('vdi', 'VDI') },
  { at: 0, bytes: latin1('PK\x03\x04'), form: archive('zip') },
  { at: 0, bytes: latin1('7z\xbc\xaf\x27\x1c'), form: archive('7z') },
  { at: 0, bytes: latin1('Rar!\x1a\x07'), form: archive('rar') },
  { at: 257, bytes: latin1('ustar'), form: archive('tar') },
  { at: 0, bytes: hex('1f8b'), form: compressed('gzip') },
  { at: 0, bytes: hex('fd377a585a00'), form: compressed('xz') },
  { at: 0, bytes: hex('28b52ffd'), form: compressed('zstd') },
  { at: 0, bytes: hex('04224d18'), form: compressed('lz4') },
  { at: 0, bytes: latin1('BZh'), form: compressed('bzip2') },
  { at: 0, bytes: hex('02214c18'), form: compressed('lz4, as of old') },
  { at: 0, bytes: hex('894c5a4f'), form: compressed('lzo') },
  // Behind a byte of its own; see the programs that take such files apart.
  { at: 1, bytes: hex('adbeef'), form: { type: 'encrypted', name: 'a .pat of DSM 7, which is encrypted' } },
];

/** How a file begins that a person unpacks with one command, and the command. */
export const UNPACKED_BY: Readonly<Record<string, string>> = {
  gzip: 'gzip -dc',
  xz: 'xz -dc',
  zstd: 'zstd -dc',
  bzip2: 'bzip2 -dc',
  lz4: 'lz4 -dc',
};

/** Undefined for all else: a raw image of a disk, or something that nobody knows. */
export function formOf(file: ByteSource): Form | undefined {
  const found = MARKS.find((mark) => has(file, mark.at, mark.bytes));
  if (found) return found.form;
  const footer = file.size - VHD_FOOTER_BYTES;
  return footer >= 0 && has(file, footer, VHD) ? disk('vpc', 'VHD') : undefined;
}

/** The same of a file by its path. */
export function formOfFile(path: string): Form | undefined {
  using source = fileSource(path);
  return formOf(source);
}

function has(file: ByteSource, at: number, bytes: Buffer): boolean {
  return file.size >= at + bytes.length && file.read(at, bytes.length).equals(bytes);
}
