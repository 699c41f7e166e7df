/** Writes a text into the middle of a disk. */
import { editDisk, openDisk } from 'dsmb/disk';
import { step } from 'dsmb/step';

interface Spec {
  readonly args: { readonly text: string };
  readonly inputs: 'disk';
  readonly outputs: 'disk';
}

export default step<Spec>(async ({ args, inputs, outputs, log }) => {
  const disk = editDisk({ from: inputs.disk, to: outputs.disk });
  disk.write(Math.floor(openDisk(inputs.disk).size / 2), Buffer.from(args.text));
  const { written, linked } = disk.finish();
  log(`${written} blocks written, ${linked} links`);
});
