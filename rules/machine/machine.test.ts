/** The end of a machine. That QEMU itself hangs cannot be had at will: what it says in the end is given here. */
import { expect, it } from 'vitest';
import { switchOff } from './machine.ts';

type Machine = Parameters<typeof switchOff>[1];

async function logOf(powerDown: 'clean' | 'forced', signal: NodeJS.Signals | null): Promise<string[]> {
  const lines: string[] = [];
  const machine: Machine = {
    powerDown: async () => powerDown,
    waitForExit: async () => ({ status: signal === null ? 0 : null, signal }),
  };
  await switchOff({ log: (line) => lines.push(line) }, machine, 1);
  return lines;
}

it('is quiet where the system switches off, and told where it does not', async () => {
  expect(await logOf('clean', null)).toEqual([]);
  expect(await logOf('forced', null)).toEqual([expect.stringContaining('ignored the power button')]);
});

it('is a failure where QEMU had to be killed', async () => {
  await expect(logOf('forced', 'SIGKILL')).rejects.toMatchObject({ diagnostic: { code: 'VM_CUT_OFF' } });
});
