/** What a call of the command line asks for, as plain data. */
import { rootOf } from '../analysis/project.ts';
import type { Request } from '../ledger/request.ts';
import type { Call } from './command.ts';

/** Options with which a build says and leaves nothing but what it does without. */
const PLAIN_OPTIONS = new Set(['set', 'workspace', 'skip-validations', 'keep-going', 'frozen']);

/** The request of a call. */
export function requestOf(call: Call, env: NodeJS.ProcessEnv = process.env): Request {
  const anew = anewBy(call, env);
  const launcher = env['DSMB_SNAPSHOT'];
  const isPlain = call.given.every((name) => PLAIN_OPTIONS.has(name));
  return {
    ...placeOf(call),
    operands: call.operands,
    settings: call.list('set'),
    skipValidations: call.flag('skip-validations'),
    unsandboxed: call.flag('unsandboxed'),
    remoteCache: [call.text('remote-cache'), call.text('remote-cache-write')],
    nodeOptions: env['NODE_OPTIONS'],
    ...(anew === undefined ? {} : { anew }),
    ...(launcher?.startsWith('/') && isPlain ? { launcher } : {}),
  };
}

/** The root folder of the project that a call is about. */
export function workspaceOf(call: Call): string {
  return rootOf(placeOf(call));
}

function placeOf(call: Call): Pick<Request, 'folder' | 'workspace'> {
  return { folder: process.cwd(), workspace: call.text('workspace') };
}

/** A check is about all actions, those included that have not changed. */
function anewBy(call: Call, env: NodeJS.ProcessEnv): string | undefined {
  if (env['DSMB_SNAPSHOT'] === 'off') return 'DSMB_SNAPSHOT=off';
  return call.text('check') === undefined ? undefined : '--check';
}
