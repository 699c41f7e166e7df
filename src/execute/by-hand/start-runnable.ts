/** Starts what `dsmb run` is for: a planned step in its sandbox, with the terminal of the user. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { ARGUMENTS_FILE } from '../../step/terminal.ts';
import { atTerminal, runByHand } from './by-hand.ts';
import { memoFolder, offerHints } from '../action/hints.ts';
import type { Lent } from './lend.ts';
import type { Machine } from '../machine.ts';
import { layOutFolders, sandboxCall } from '../sandbox/sandbox.ts';
import type { StepRecord } from '../records/step-record.ts';
import { StepRecords } from '../records/step-records.ts';

export interface RunnableOptions {
  /** What the user gave behind `--`. */
  readonly userArguments: readonly string[];
  /** What it borrows, as the user was told. */
  readonly lent: readonly Lent[];
  readonly signal: AbortSignal;
  readonly onRecord: (record: StepRecord) => void;
}

/** Runs it to its end and gives its exit code, 128 + n for signal n. */
export async function startRunnable(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  options: RunnableOptions,
): Promise<number> {
  using sandbox = machine.sandboxes.layOut(action);
  await offerHints(store, action, sandbox, options.signal);
  const network = action.node.runnable?.network === true;
  const byHand = { network, env: terminalVariables(), lent: options.lent, terminal: atTerminal() };
  const grants = { kvm: await machine.kvm(action), memo: memoFolder(store, action), byHand };
  const bubblewrap = await machine.bubblewrap();
  await layOutFolders(store, action, options.signal);
  writeFileSync(join(sandbox.dsmb, ARGUMENTS_FILE), JSON.stringify(options.userArguments));
  const call = sandboxCall(store, bubblewrap, { ...action, isStep: true }, sandbox, grants);
  const records = new StepRecords((bytes) => void process.stderr.write(forTerminal(bytes)), options.onRecord);
  const onErrors = (chunk: Buffer): void => records.write(chunk);
  const code = await runByHand(call, sandbox, { signal: options.signal, handlesInterrupts: true, onErrors });
  records.end();
  return code;
}

/** What programs ask about a terminal. */
function terminalVariables(): Record<string, string> {
  const names = ['TERM', 'COLORTERM', 'NO_COLOR', 'COLUMNS', 'LINES'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** While it runs, the terminal is script(1)'s, and a line feed leads to the next line but not to its beginning. */
function forTerminal(bytes: Uint8Array): Uint8Array {
  if (!atTerminal() || !process.stderr.isTTY) return bytes;
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}
