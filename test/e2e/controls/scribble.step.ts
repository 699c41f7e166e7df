/** Writes to a disk through an overlay over the raw file that the engine keeps. */
import { join } from 'node:path';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { fail, run, step } from 'dsmb/step';
import { writableDisk } from 'dsmb/disk';

interface Spec {
  readonly args: { readonly commands: readonly string[] };
  readonly inputs: 'disk';
  readonly outputs: 'disk' | 'summary';
}

export default step<Spec>(async ({ args, inputs, outputs, assembled, scratch, log }) => {
  const raw = assembled('disk') ?? fail('NO_ASSEMBLED', 'the engine offers no raw file');
  if (isWritable(raw)) fail('BASE_WRITABLE', `${raw} can be written to`);
  const overlay = await writableDisk({ disk: inputs.disk, raw }, join(scratch, 'overlay.qcow2'));
  await run('qemu-io', [...args.commands.flatMap((command) => ['-c', command]), overlay.file]);
  const summary = await overlay.toDisk(outputs.disk);
  writeFileSync(outputs.summary, JSON.stringify(summary));
  log(JSON.stringify(summary));
});

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
