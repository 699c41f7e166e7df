/** The servers that a call may use: what its options say, else the settings of the user, else those of the project. */
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
    help: 'where results are written; by default where --remote-cache reads; none to read only',
  },
  'remote-executor': {
    type: 'string',
    value: 'URL',
    help: 'run actions on workers of a server, grpc://host:port; none to run them here',
  },
  'remote-jobs': {
    type: 'string',
    value: 'N',
    help: 'actions at a time on workers; 16 by default',
  },
  'remote-platform': {
    type: 'string',
    value: 'NAME=VALUE,…',
    help: 'properties of workers that make no sandbox: actions bring one (default: none)',
  },
  'remote-timeout': {
    type: 'string',
    value: 'SECONDS',
    help: 'give up after this many seconds without progress; 60 by default',
  },
};

/** Where results are read and written, and where actions run. */
export interface RemoteSettings {
  /** As they were written. */
  readonly reads: string | undefined;
  readonly writes: string | undefined;
  readonly executes: string | undefined;
  /** Actions at a time on workers. */
  readonly jobs: number;
  /** Properties of workers that actions have to bring a sandbox to. */
  readonly platform: Readonly<Record<string, string>> | undefined;
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
const DEFAULT_JOBS = 16;
const MOST_JOBS = 1000;

/** What is set for a workspace. A call without options for it is one of a command that does not build. */
export function remoteSettings(root: string, call?: Call, env: NodeJS.ProcessEnv = process.env): RemoteSettings {
  const { user, project } = readSettings(root, env);
  const said = (name: string): Said | undefined =>
    optionOf(call, name) ?? settingOf(user, name) ?? settingOf(project, name);
  const executes = addressIn(said('remote-executor'));
  const reads = said('remote-cache');
  // An option says what this build shall do. A file that names no place to write gives leave to read.
  const option = optionOf(call, 'remote-cache');
  const writes = optionOf(call, 'remote-cache-write') ?? option ?? said('remote-cache-write');
  return {
    // Workers read what the build sends, and write what it reads: where nothing else is said, at their own server.
    reads: addressIn(reads) ?? executes,
    writes: addressIn(writes),
    executes,
    jobs: jobsIn(said('remote-jobs')),
    platform: platformIn(said('remote-platform')),
    timeoutMs: millisecondsIn(said('remote-timeout')),
    credentials: user.values['remote-credentials'],
  };
}

/** Opens the servers of a call; undefined where there are none. None is asked before it is needed. */
export async function openRemote(
  call: Call,
  {
    store,
    root,
    onEvent,
    signal,
  }: { readonly store: Store; readonly root: string; readonly onEvent: Listener; readonly signal: AbortSignal },
): Promise<RemoteCache | undefined> {
  const { reads, writes, executes, timeoutMs, credentials } = remoteSettings(root, call);
  // What runs on the machine itself is for this machine alone.
  if ((reads === undefined && writes === undefined) || call.flag('unsandboxed')) return undefined;
  const { parseAddress } = await import('../../cache/remote/address.ts');
  const addressOf = (text: string | undefined, where: string): Address | undefined =>
    text === undefined ? undefined : parseAddress(text, where);
  const [readsAt, writesAt] = [reads, writes].map((text) => addressOf(text, 'remote cache'));
  const executesAt = addressOf(executes, 'remote executor');
  // Only who has a remote cache loads what speaks to it.
  const { Connection } = await import('../../cache/remote/connection.ts');
  const { identityFor } = await import('./credentials.ts');
  const { RemoteCache } = await import('../../cache/remote/remote-cache.ts');
  const invocation = { version: ownVersion(), id: randomUUID() };
  const connections = new Map<string, InstanceType<typeof Connection>>();
  /** One for each address. */
  const connect = (address: Address | undefined) => {
    if (!address) return undefined;
    const known = connections.get(address.text);
    const connection = known ?? new Connection(address, identityFor(address, credentials), invocation);
    connections.set(address.text, connection);
    return connection;
  };
  const warn = (message: string): void => onEvent({ type: 'warning', message });
  const places = { reads: connect(readsAt), writes: connect(writesAt), executes: connect(executesAt) };
  return new RemoteCache(store, { ...places, timeoutMs, signal, warn });
}

function optionOf(call: Call | undefined, name: string): Said | undefined {
  const text = call?.text(name);
  return text === undefined ? undefined : { text, where: `--${name}` };
}

function settingOf({ path, values }: SettingsFile, name: string): Said | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return { text: String(value), where: `${path}: ${name}` };
  return fail('BAD_SETTING', `${path}: ${name} must be a string`, {
    hint: `"${name}": "grpc://cache.example.com:9092"`,
  });
}

function addressIn(said: Said | undefined): string | undefined {
  return said === undefined || said.text === NONE ? undefined : said.text;
}

function jobsIn(said: Said | undefined): number {
  if (said === undefined) return DEFAULT_JOBS;
  const jobs = Number(said.text);
  if (Number.isInteger(jobs) && jobs > 0 && jobs <= MOST_JOBS) return jobs;
  return fail('BAD_SETTING', `${said.where}: '${said.text}' is not a number from 1 to ${MOST_JOBS}`, {
    hint: '--remote-jobs 16',
  });
}

function platformIn(said: Said | undefined): Readonly<Record<string, string>> | undefined {
  if (said === undefined || said.text === NONE) return undefined;
  const pairs = said.text.split(',').map((pair) => /^\s*([^=\s]+)=(.*?)\s*$/.exec(pair) ?? []);
  if (pairs.every(([pair]) => pair !== undefined))
    return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
  return fail('BAD_SETTING', `${said.where}: '${said.text}' is no list of properties`, {
    hint: '--remote-platform OSFamily=linux,ISA=x86-64',
  });
}

function millisecondsIn(said: Said | undefined): number {
  if (said === undefined) return DEFAULT_TIMEOUT_S * 1000;
  const seconds = Number(said.text);
  if (seconds > 0 && seconds <= 86_400) return seconds * 1000;
  return fail('BAD_SETTING', `${said.where}: '${said.text}' is not a number of seconds`, {
    hint: '--remote-timeout 60',
  });
}
