/** What is asked of a build, as plain data, and the names that it has in the ledger. */
import { hash } from 'node:crypto';
import type { ProjectRequest } from '../analysis/project.ts';
import { machineIdentity } from '../execute/sandbox/unsandboxed.ts';
import { userSettings } from '../load/settings.ts';
import { ENGINE } from '../model/own-files.ts';

export interface Request extends ProjectRequest {
  readonly skipValidations: boolean;
  readonly unsandboxed: boolean;
  /** Where results of others are read and written, as options say it. */
  readonly remoteCache: readonly (string | undefined)[];
  /** Of the Node that evaluates build files. */
  readonly nodeOptions: string | undefined;
  /** What has asked to begin with the build files, whatever the ledger has. */
  readonly anew?: string;
  /** The file in which the launcher looks for this very request. Without it there is nobody who would read one. */
  readonly launcher?: string;
}

/** All that makes a request another one than others: where it is asked, of which engine, for what. */
export function requestName(request: Request): string {
  return nameOf(request, request.settings);
}

/** The name of requests that differ in the values of parameters alone. */
export function familyName(request: Request): string {
  return nameOf(request, 'any');
}

function nameOf(request: Request, values: 'any' | readonly string[]): string {
  const { folder, workspace, operands, skipValidations, unsandboxed, remoteCache, nodeOptions } = request;
  // In keys of unsandboxed actions.
  const machine = unsandboxed ? machineIdentity() : '';
  // Who begins to share finds all results to be shared.
  const sharing = [...remoteCache, userSettings()];
  const all = [ENGINE, folder, operands, [workspace, values, skipValidations], sharing, machine, nodeOptions];
  return hash('sha256', JSON.stringify(all), 'hex').slice(0, 32);
}
