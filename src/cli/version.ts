/** `dsmb version`: the version of dsmb, and of the Node that runs it. */
import { printLine } from '../report/print.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { version as versionText } from './help.ts';

export const version: Command = {
  name: 'version',
  summary: 'show the version',
  usage: '',
  examples: [['dsmb version', 'dsmb and its Node; the same as dsmb --version']],
  options: {},
  run: () => {
    printLine(versionText());
    return Promise.resolve(EXIT.ok);
  },
};
