/** `dsmb completion`: the script that makes a shell complete commands, options, labels and parameters. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { OWN_PACKAGE } from '../model/own-files.ts';
import { nearest } from '../load/nearest.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printText } from '../report/print.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The script for a shell. It asks the dsmb at a path, whatever the line begins with: any folder may have a program of that name. */
export function completionScript(shell: (typeof SHELLS)[number], dsmb: string): string {
  const script = readFileSync(new URL(`./completion/${shell}`, import.meta.url), 'utf8');
  return script.replaceAll('@DSMB@', () => `'${dsmb.replaceAll("'", `'\\''`)}'`);
}

export const completion: Command = {
  name: 'completion',
  summary: 'print the completion script for a shell',
  usage: SHELLS.join('|'),
  examples: [
    ['source <(dsmb completion bash)', 'in ~/.bashrc'],
    ['source <(dsmb completion zsh)', 'in ~/.zshrc, after compinit'],
    ['dsmb completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  options: {},
  run: async ({ operands }: Call) => {
    const [shell = ''] = operands;
    const known = SHELLS.find((one) => one === shell);
    if (!known || operands.length > 1)
      return fail('USAGE', `dsmb completion takes the name of a shell: ${SHELLS.join(', ')}`, {
        hint: `dsmb completion ${nearest(shell, SHELLS) ?? 'bash'}`,
      });
    printText(completionScript(known, join(OWN_PACKAGE, 'dsmb.bin')));
    return EXIT.ok;
  },
};
