/** The error of an action that failed: what it says of itself, what is known of why, and the end of its log. */
import { relative } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { Failure, type Diagnostic } from '../../model/diagnostic.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { mergedPath } from '../../toolchain/index.ts';
import { describeExit, endingHint, timeoutHint } from '../process/ending.ts';
import { evidence, keepEvidence, tailOf } from './evidence.ts';
import { passingFault } from './machine-fault.ts';
import type { Machine } from '../machine.ts';
import { missingLoader } from './missing-loader.ts';
import { missingIn } from './missing-paths.ts';
import { networkHint } from './network-need.ts';
import type { Sandbox } from '../sandbox/sandboxes.ts';
import type { Exit } from '../process/spawner.ts';
import { undeclaredRead, type Undeclared } from './undeclared.ts';

/** Of steps that met an error of a file, a program or the network, and have no better word for it. */
const VAGUE_CODES: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'EAI_AGAIN', 'ENOTFOUND', 'ENETUNREACH'],
  ...['PROGRAM_FAILED', 'STEP_FAILED'],
]);

/** What is left of a run. */
type Left = Pick<Sandbox, 'log' | 'tmp'>;

/** An action whose process ended badly; `said` is what its step reported, `worker` who has run it, where it was not here. */
export async function failedAction(
  store: Store,
  machine: Machine,
  action: PlannedAction,
  sandbox: Left,
  { exit, said, worker }: { readonly exit: Exit; readonly said: Diagnostic | undefined; readonly worker?: string },
): Promise<Failure> {
  const { node } = action;
  const kept = keepEvidence(store, action, sandbox);
  const tail = tailOf(sandbox);
  const fault = passingFault(exit, tail, said);
  const cause: Partial<Undeclared> = fault || exit.excess ? {} : await causeOf(store, machine, action, said, tail);
  const ending = `the command ${describeExit(exit, node.timeoutMs)}`;
  const ended = fault ?? (exit.excess ? ending : (said?.message ?? ending));
  const saidHint = fault
    ? 'run the same command again when the machine has less to do'
    : ((exit.excess ? undefined : said?.hint) ?? endingHint(exit, node));
  const { code, message = ended, hint = saidHint, ...more } = cause;
  return new Failure({
    code: fault ? 'MACHINE_FAULT' : (limitCode(exit) ?? code ?? said?.code ?? 'ACTION_FAILED'),
    message: `${whoIs(action)}: ${message}`,
    detail: [
      message === ended ? '' : ended,
      said?.location && !cause.location ? declaredAt(node) : '',
      // The step names files of its sandbox; the reader finds them among what is kept.
      said?.detail?.replaceAll(/\/tmp\/(?:[^\s/]+\/)*/g, `${kept}/`) ?? '',
      worker ? `run by: ${worker}` : '',
      ...evidence(action, sandbox, kept),
    ]
      .filter((line) => line !== '')
      .join('\n'),
    ...(said?.location ? { location: said.location } : {}),
    ...more,
    ...(hint ? { hint } : {}),
  });
}

/** What it took too much of is why it ended, whatever it said. */
function limitCode({ excess, timedOut }: Exit): 'DISK_FULL' | 'ACTION_LIMIT' | 'ACTION_TIMEOUT' | undefined {
  if (excess) return excess.of === 'disk' ? 'DISK_FULL' : 'ACTION_LIMIT';
  return timedOut ? 'ACTION_TIMEOUT' : undefined;
}

/** An action that ended well without giving what it declares: what it said is all that tells why. */
export function withEvidence(store: Store, action: PlannedAction, sandbox: Sandbox, error: unknown): unknown {
  if (!(error instanceof Failure) || !error.diagnostic.code.startsWith('OUTPUT_')) return error;
  const lines = [error.diagnostic.detail ?? '', ...evidence(action, sandbox, keepEvidence(store, action, sandbox))];
  return new Failure({ ...error.diagnostic, detail: lines.filter((line) => line !== '').join('\n') });
}

/** An action that ended well, with outputs that nobody could take in within its time. */
export function lateOutputs(action: PlannedAction): Failure {
  const { node } = action;
  const hint = timeoutHint(node);
  const message = `${whoIs(action)}: its outputs are too large to be hashed within ${node.timeoutMs / 1000} s`;
  return new Failure({ code: 'ACTION_TIMEOUT', message, hint });
}

/** How messages name an action. */
export function whoIs({ node }: Pick<PlannedAction, 'node'>): string {
  return `${node.label} (${node.mnemonic})`;
}

/** What the action looked for and is not given. A step that says of itself what is wrong is believed. */
async function causeOf(
  store: Store,
  machine: Machine,
  { node, base }: PlannedAction,
  said: Diagnostic | undefined,
  log: string,
): Promise<Partial<Undeclared>> {
  if (said && !VAGUE_CODES.has(said.code)) return {};
  const text = [said?.message, said?.detail, log].join('\n');
  // What ran elsewhere may have left nothing here to look at.
  const isLaidOut = !machine.unsandboxed && store.folders.has(base);
  const withoutLoader = isLaidOut ? loaderHint(store.folders.folder(base), machine, text) : undefined;
  if (withoutLoader) return { hint: withoutLoader };
  const found = undeclaredRead(node, text, (path) => machine.toolchainWith(path));
  if (!found) {
    const hint = machine.unsandboxed ? undefined : networkHint(text);
    return hint ? { hint } : {};
  }
  if (!found.attribute) return found;
  const { atAttribute } = await import('../../load/source.ts');
  return atAttribute(found);
}

/** A program that is there and said not to be lacks what starts it. */
function loaderHint(root: string, machine: Machine, text: string): string | undefined {
  for (const program of missingIn(text).programs) {
    const found = missingLoader(root, program);
    if (!found) continue;
    const packages = machine.toolchainWith(mergedPath(found.loader.slice(1)));
    const remedy = packages ? `it is in toolchain(${packages.map((name) => `'${name}'`).join(', ')})` : 'add it';
    return `${found.program} is there, but not ${found.loader}, which it is started by: ${remedy}`;
  }
  return undefined;
}

/** The second place, where the first one is in the step. */
function declaredAt({ label, call: { location } }: ActionNode): string {
  return location ? `${label} is at ${relative(process.cwd(), location.file)}:${location.line}:${location.column}` : '';
}
