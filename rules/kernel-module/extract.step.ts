/** Takes one file out of a kernel's source archive, and reads no further than that. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decompressed } from 'dsmb/archive';
import { fail, step } from 'dsmb/step';
import { extract } from 'tar-stream';

interface Spec {
  /** Path below the archive's top folder. */
  readonly args: { readonly file: string };
  readonly inputs: 'archive';
  readonly outputs: 'file';
}

export default step<Spec>(async ({ args, inputs, outputs }) => {
  const entries = Readable.from(decompressed(inputs.archive), { objectMode: false }).pipe(extract());
  for await (const entry of entries) {
    if (entry.header.name.replace(/^[^/]*\//, '') === args.file) {
      await pipeline(entry, createWriteStream(outputs.file));
      return;
    }
    entry.resume();
  }
  fail('NOT_IN_KERNEL_SOURCE', `the kernel's source archive holds no '${args.file}'`);
});
