/** Appends an archive to an initrd: the kernel unpacks one after the other. */
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fail, step } from 'dsmb/step';
import { kernelRelease } from '../../patched-extra/kernel.ts';

interface Spec {
  readonly args: { readonly version: string };
  readonly inputs: 'kernel' | 'initrd' | 'system';
  readonly outputs: 'initrd';
}

export default step<Spec>(async ({ args: { version }, inputs, outputs }) => {
  const actual = await kernelRelease(inputs.kernel);
  if (actual !== version)
    fail(
      'DRIVER_KERNEL_MISMATCH',
      `the kernel of the Debian installer is ${actual}, and the drivers are for ${version}`,
      {
        hint: 'DEBIAN_KERNEL in rules/cloud-installer/debian/programs.ts names the kernel',
      },
    );
  await pipeline(inBoth(inputs.initrd, inputs.system), createWriteStream(outputs.initrd));
});

async function* inBoth(...files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file) as AsyncIterable<Buffer>;
}
