/** Whether drivers were built for the kernel that is to load them. */
import { fail } from 'dsmb/step';
import { open } from 'node:fs/promises';
import type { Driver } from './drivers.ts';

/** Linux' boot protocol (Documentation/arch/x86/boot.rst): the magic, and where the version's text is, less 0x200. */
const MAGIC = 0x202;
const VERSION_POINTER = 0x20e;
const LONGEST_VERSION = 256;

/** The release of a zImage, for example `3.10.102`; undefined where it does not tell. */
export async function kernelRelease(zImage: string): Promise<string | undefined> {
  const handle = await open(zImage);
  try {
    const bytes = Buffer.alloc(0x1_0000 + 0x200 + LONGEST_VERSION);
    await handle.read(bytes, 0, bytes.length, 0);
    const pointer = bytes.readUInt16LE(VERSION_POINTER);
    if (bytes.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS' || pointer === 0) return undefined;
    const text = bytes.toString('latin1', pointer + 0x200, pointer + 0x200 + LONGEST_VERSION);
    return /^[\w.+~-]+/.exec(text)?.[0];
  } finally {
    await handle.close();
  }
}

/** Fails for drivers that the kernel would refuse: found here in a moment, in a virtual machine after minutes. */
export function checkKernel(drivers: readonly Driver[], release: string | undefined): void {
  const refused = drivers.filter(({ versionMagic }) => {
    const [built, ...options] = versionMagic.split(' ');
    // With versions on each symbol the kernel compares those instead of its release.
    return (
      release !== undefined &&
      built !== undefined &&
      built !== '' &&
      built !== release &&
      !options.includes('modversions')
    );
  });
  if (refused.length > 0)
    fail('DRIVER_KERNEL_MISMATCH', `the loader's kernel is ${release}, and drivers were built for another one`, {
      detail: refused.map(({ name, versionMagic }) => `${name}.ko: ${versionMagic}`).join('\n'),
      hint: 'give drivers that were built for the kernel of this loader, or the loader that they belong to',
    });
}
