/** `dsmb disk diff`: what differs between two disks, by partition and by file. */
import { compareDisks } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { formatDifference } from '../../report/disk-difference.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { DISK, DISK_OPTIONS, openOperand } from './operand.ts';
import { printJson, printText } from '../../report/print.ts';

export const diff: Command = {
  name: 'disk diff',
  summary: 'what differs between two disks, by partition and by file',
  usage: `${DISK} ${DISK} | ${DISK} --to NAME=VALUE`,
  examples: [
    ['dsmb disk diff //installedDisk //bootableDisk', 'what a step has changed'],
    ['dsmb disk diff //bootableDisk --to mac=52:54:00:aa:bb:cc', 'what another value of a parameter changes'],
    ['dsmb disk diff //bootableDisk disk.raw --exit-code', 'whether an image is still what was built'],
  ],
  options: {
    ...DISK_OPTIONS,
    to: {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      help: 'a parameter of the second disk; may be repeated',
    },
    'exit-code': { type: 'boolean', help: 'exit with 1 if the disks differ' },
  },
  run: runDiff,
};

async function runDiff(call: Call): Promise<number> {
  const parameters = call.list('to');
  const [first, second = parameters.length > 0 ? first : undefined, ...rest] = call.operands;
  if (first === undefined || second === undefined || rest.length > 0)
    fail('USAGE', 'dsmb disk diff needs two disks', { hint: diff.examples[0]![0] });
  using before = await openOperand(call, first);
  using after = await openOperand(withParameters(call, parameters), second);
  const difference = compareDisks(before.disk, after.disk);
  if (call.flag('json')) printJson(difference);
  else printText(formatDifference(difference));
  const equal = difference.regions.length === 0 && before.disk.size === after.disk.size;
  return call.flag('exit-code') && !equal ? EXIT.buildFailed : EXIT.ok;
}

function withParameters(call: Call, parameters: readonly string[]): Call {
  return { ...call, list: (name) => (name === 'set' ? [...call.list('set'), ...parameters] : call.list(name)) };
}
