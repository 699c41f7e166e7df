/** `dsmb doctor`: looks whether this machine can build, and says what to do where it cannot. Needs no working store. */
import { palette } from '../report/format.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { examine, type Examined } from './doctor/check.ts';
import { places } from './doctor/places.ts';
import { programs } from './doctor/programs.ts';
import { printJson, printLine } from '../report/print.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'check whether this machine can build, and how to fix what it lacks',
  usage: '',
  examples: [['dsmb doctor', 'exit with 0 if all is well, with 1 if something must be fixed']],
  options: { json: { type: 'boolean', help: 'as JSON' } },
  run: runDoctor,
};

async function runDoctor(call: Call): Promise<number> {
  const found: Examined[] = [];
  for (const checkup of [...programs, ...places]) {
    const one = await examine(checkup, found);
    found.push(one);
    if (!call.flag('json')) printLine(line(one));
  }
  if (call.flag('json')) printJson(found);
  return found.some(({ state }) => state === 'bad') ? EXIT.buildFailed : EXIT.ok;
}

function line({ name, state, text, remedy }: Examined): string {
  const { green, yellow, red, blue } = palette(process.stdout);
  const paint = { ok: green, note: yellow, bad: red }[state];
  const hint = remedy === undefined ? '' : `\n  ${blue('hint')}: ${remedy}`;
  return `${paint(state.padEnd(5))}${name}: ${text}${hint}`;
}
