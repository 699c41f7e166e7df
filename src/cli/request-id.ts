/** The name of what is asked of a build: the same for builds that may go on from each other. */
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { machineIdentity } from '../execute/unsandboxed.ts';
import type { Call } from './command.ts';

/** The folder that holds `src` and `cache`, as sources or compiled. */
export const ENGINE = fileURLToPath(new URL('../../', import.meta.url));

/** All that makes a request another one than others: where it is asked, of which engine, for what. */
export function requestId(call: Call, env: NodeJS.ProcessEnv = process.env): string {
  return nameOf(call, call.list('set'), env);
}

/** The name of requests that differ in the values of parameters alone. */
export function familyId(call: Call, env: NodeJS.ProcessEnv = process.env): string {
  return nameOf(call, 'any', env);
}

function nameOf(call: Call, values: 'any' | readonly string[], env: NodeJS.ProcessEnv): string {
  const options = [call.text('workspace'), values, call.flag('skip-validations')];
  // Who begins to share finds all results to be shared.
  const remote = [call.text('remote-cache'), call.text('remote-cache-write')];
  // In keys of unsandboxed actions.
  const machine = call.flag('unsandboxed') ? machineIdentity() : '';
  const request = [ENGINE, process.cwd(), call.operands, options, remote, machine, env['NODE_OPTIONS']];
  return hash('sha256', JSON.stringify(request), 'hex').slice(0, 32);
}
