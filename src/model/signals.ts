/** The signal behind an exit code: shells and bubblewrap give 128 + n for a program that signal n has ended. */
import { constants } from 'node:os';

/** The signal's name; undefined where the code stands for none. */
export function signalOf(exitCode: number): NodeJS.Signals | undefined {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return names.find(([, number]) => number === exitCode - 128)?.[0];
}
