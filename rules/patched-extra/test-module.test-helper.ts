/** Makes the smallest ELF file that passes for a kernel module, for tests. */

/** The release that the modules are built for. */
export const RELEASE = '3.10.102';

/** An ELF64 file with a `.modinfo` section that names the modules it depends on. */
export function kernelModule(...depends: string[]): Buffer {
  return moduleWith(`license=GPL\0depends=${depends.join(',')}\0name=test\0vermagic=${RELEASE} SMP mod_unload \0`);
}

/** An ELF64 file with this `.modinfo` section. */
export function moduleWith(modinfo: string): Buffer {
  const info = Buffer.from(modinfo);
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(1, 0x10);
  header.writeUInt16LE(62, 0x12);
  header.writeBigUInt64LE(BigInt(64 + info.length + names.length), 0x28);
  for (const [at, value] of [
    [0x34, 64],
    [0x3a, 64],
    [0x3c, 3],
    [0x3e, 2],
  ] as const)
    header.writeUInt16LE(value, at);
  const section = (name: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(name, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 0x18);
    bytes.writeBigUInt64LE(BigInt(size), 0x20);
    return bytes;
  };
  const sections = [section(0, 0, 0), section(1, 64, info.length), section(10, 64 + info.length, names.length)];
  return Buffer.concat([header, info, names, ...sections]);
}

/** The smallest file that passes for a kernel of that release. */
export function kernel(release: string): Buffer {
  const file = Buffer.alloc(0x400);
  file.write('HdrS', 0x202);
  file.writeUInt16LE(0x100, 0x20e);
  file.write(`${release} (root@build) #1 SMP\0`, 0x300);
  return file;
}
