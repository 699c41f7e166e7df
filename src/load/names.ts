/** Names of packages and targets: what is found under one that no label can have is refused. */
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { isPackageName, isTargetName } from '../model/label.ts';
import { shellWord } from '../model/shell-word.ts';
import type { Parameter, Target } from '../model/target.ts';
import { BUILD_FILE } from './workspace.ts';

/** `name`: the folder of a build file, relative to the root. */
export function requirePackageName(root: string, name: string): void {
  if (isPackageName(name)) return;
  const better = name.normalize('NFKD').replaceAll(/[^\w./-]+/g, '_');
  const move = ['mv', join(root, name), join(root, better)].map(shellWord).join(' ');
  fail('BAD_NAME', `the folder ${name} has a ${BUILD_FILE}, but no label can name it`, {
    hint: `the name of a package has letters, digits, '_', '.' and '-': ${move}`,
  });
}

export function requireTargetName(name: string, { location }: Target | Parameter): void {
  if (isTargetName(name)) return;
  fail('BAD_NAME', `'${name}' is exported, but no label can name it`, {
    ...(location ? { location } : {}),
    hint: "export it under a name of letters, digits, '_' and '$'",
  });
}
