/** The remote cache that a call may use: what its options say, else the settings of the user, else those of the project. */
import { randomUUID } from 'node:crypto';
import type { Address } from '../../cache/remote/address.ts';
import type { RemoteCache } from '../../cache/remote/remote-cache.ts';
import type { Store } from '../../cache/store.ts';
import { readSettings, type SettingsFile } from '../load/settings.ts';
import { fail } from '../model/diagnostic.ts';
import type { Listener } from '../model/event.ts';
import type { Call, Option } from './command.ts';
import { ownVersion } from './help.ts';

export const REMOTE_OPTIONS: Readonly<Record<string, Option>> = {
  'remote-cache': {
    type: 'string',
    value: 'URL',
    help: 'a cache that a team shares, grpc://host:port; none for no cache',
  },
  'remote-cache-write': {
    type: 'string',
    value: 'URL',
    help: 'where results are written (default: where --remote-cache reads); none to read only',
  },
  'remote-timeout': {
    type: 'string',
    value: 'SECONDS',
    help: 'give up what makes no progress for this long (default: 60)',
  },
};

/** Where remote caches are read and written. */
export interface RemoteSettings {
  /** As they were written. */
  readonly reads: string | undefined;
  readonly writes: string | undefined;
  readonly timeoutMs: number;
  /** By host, of the user alone. */
  readonly credentials: unknown;
}

interface Said {
  readonly text: string;
  readonly where: string;
}

const NONE = 'none';
const DEFAULT_TIMEOUT_S = 60;

/** What is set for a workspace. A call without options for it is one of a command that does not build. */
export function remoteSettings(root: string, call?: Call, env: NodeJS.ProcessEnv = process.env): RemoteSettings {
  const { user, project } = readSettings(root, env);
  const said = (name: string): Said | undefined =>
    optionOf(call, name) ?? settingOf(user, name) ?? settingOf(project, name);
  const reads = said('remote-cache');
  // An option says what this build shall do. A file that names no place to write gives leave to read.
  const option = optionOf(call, 'remote-cache');
  const writes = optionOf(call, 'remote-cache-write') ?? option ?? said('remote-cache-write');
  return {
    reads: addressIn(reads),
    writes: addressIn(writes),
    timeoutMs: millisecondsIn(said('remote-timeout')),
    credentials: user.values['remote-credentials'],
  };
}

/** Opens the remote cache of a call; undefined where there is none. No server is asked before it is needed. */
export async function openRemote(
  call: Call,
  {
    store,
    root,
    onEvent,
    signal,
  }: { readonly store: Store; readonly root: string; readonly onEvent: Listener; readonly signal: AbortSignal },
): Promise<RemoteCache | undefined> {
  const { reads, writes, timeoutMs, credentials } = remoteSettings(root, call);
  // What runs on the machine itself is for this machine alone.
  if ((reads === undefined && writes === undefined) || call.flag('unsandboxed')) return undefined;
  const { parseAddress } = await import('../../cache/remote/address.ts');
  const [readsAt, writesAt] = [reads, writes].map((text) =>
    text === undefined ? undefined : parseAddress(text, 'remote cache'),
  );
  // Only who has a remote cache loads what speaks to it.
  const { Connection } = await import('../../cache/remote/connection.ts');
  const { identityFor } = await import('./credentials.ts');
  const { RemoteCache } = await import('../../cache/remote/remote-cache.ts');
  const invocation = { version: ownVersion(), id: randomUUID() };
  const connect = (address: Address) => new Connection(address, identityFor(address, credentials), invocation);
  const reading = readsAt && connect(readsAt);
  const writing = writesAt && (writesAt.text === readsAt?.text ? reading : connect(writesAt));
  const warn = (message: string): void => onEvent({ type: 'warning', message });
  return new RemoteCache(store, { reads: reading, writes: writing, timeoutMs, signal, warn });
}

function optionOf(call: Call | undefined, name: string): Said | undefined {
  const text = call?.text(name);
  return text === undefined ? undefined : { text, where: `--${name}` };
}

function settingOf({ path, values }: SettingsFile, name: string): Said | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return { text: String(value), where: `${path}: ${name}` };
  return fail('BAD_SETTING', `${path}: ${name} must be a text`, { hint: `"${name}": "grpc://cache.example.com:9092"` });
}

function addressIn(said: Said | undefined): string | undefined {
  return said === undefined || said.text === NONE ? undefined : said.text;
}

function millisecondsIn(said: Said | undefined): number {
  if (said === undefined) return DEFAULT_TIMEOUT_S * 1000;
  const seconds = Number(said.text);
  if (seconds > 0 && seconds <= 86_400) return seconds * 1000;
  return fail('BAD_SETTING', `${said.where}: '${said.text}' is no number of seconds`, { hint: '--remote-timeout 60' });
}
