/** Turns every digit of every UUID into another one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { step } from 'dsmb/step';

interface Spec {
  readonly args: object;
  readonly inputs: 'of';
  readonly outputs: 'conf';
}

export default step<Spec>(async ({ inputs, outputs }) => {
  const conf = readFileSync(inputs.of, 'utf8');
  const other = (uuid: string): string => uuid.replaceAll(/[0-9a-f]/g, (digit) => (digit === '7' ? '1' : '7'));
  writeFileSync(outputs.conf, conf.replaceAll(/(?<=UUID=)[0-9a-f:]+/g, other));
});
