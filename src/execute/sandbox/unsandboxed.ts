/**
 * Runs an action on the machine itself, for machines without namespaces: the machine's own programs, nothing hidden,
 * nothing refused. What the sandbox mounts lies in a folder, and the paths of
 * the sandbox are translated. Keys say on which machine it ran, so that no other build takes the result.
 */
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { nodeBinary } from '../../plan/runtime.ts';
import type { StepRequest } from '../../step/main.ts';
import type { Sandbox } from './sandboxes.ts';
import type { Call } from '../process/spawner.ts';

/** The machine in a key: results of unsandboxed actions are for the machine that they ran on. */
export function machineIdentity(): string {
  return `machine-${hash('sha256', machineId(), 'hex').slice(0, 16)}`;
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8');
  } catch {
    return hostname();
  }
}

/** The call that runs the action. `memo` is the folder of kept results, if the action asked for one. */
export function unsandboxedCall(
  store: Store,
  { node, command, files }: PlannedAction,
  sandbox: Sandbox,
  memo: string | undefined,
): Call {
  const here = (text: string): string => translate(text, sandbox);
  const env = Object.fromEntries(Object.entries(command.env).map(([name, value]) => [name, here(value)]));
  const call = { cwd: sandbox.tmp, group: true };
  if (node.work.type !== 'step') return { ...call, argv: command.argv.map(here), env };
  const file = files.get('step.json');
  const request =
    file?.type === 'file' ? (JSON.parse(store.cas.read(file.digest).toString()) as StepRequest) : undefined;
  const requestFile = join(sandbox.dsmb, 'unsandboxed.json');
  writeFileSync(requestFile, JSON.stringify({ ...(request && translated(request, here)), ...(memo ? { memo } : {}) }));
  return {
    ...call,
    argv: [nodeBinary(), join(sandbox.dsmb, 'step.mjs'), requestFile],
    env: { ...env, ...librariesOfNode(), DSMB_ACCELERATOR: 'tcg' },
    isStep: true,
  };
}

/** Paths of the sandbox, where they stand alone or behind a sign: `/in/x`, `--to=/out/y`, `>/out/z`; not `/usr/in/x`. */
export function translate(text: string, folders: Pick<Sandbox, 'in' | 'out' | 'tmp' | 'dsmb'>): string {
  return text.replaceAll(
    /(?<![\w.~/-])\/(in|out|tmp|dsmb)(?![\w.-])/g,
    (_path, name: keyof typeof folders) => folders[name],
  );
}

function translated({ args, inputs, outputs }: StepRequest, here: (path: string) => string): StepRequest {
  const each = (paths: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, here(path)]));
  return { args, inputs: each(inputs), outputs: each(outputs) };
}

/** The launcher may have found libraries that the pinned Node needs and the machine lacks. */
function librariesOfNode(): Record<string, string> {
  const path = process.env['LD_LIBRARY_PATH'];
  return path ? { LD_LIBRARY_PATH: path } : {};
}
