/**
 * What makes remote caches know the user, from the user's own settings. Secrets are in headers alone: never in a key, a log,
 * the store or a message.
 *
 * Protocol of credential helpers: https://github.com/EngFlow/credential-helper-spec/blob/main/spec.md
 */
import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Address } from '../../cache/remote/address.ts';
import type { Identity } from '../../cache/remote/connection.ts';
import { fail } from '../model/diagnostic.ts';

const HELPER_TIMEOUT_MS = 30_000;
/** Headers that are about to expire are asked for anew; those that live for less are used for half of their time. */
const MARGIN_MS = 30_000;
/** The same, whatever a helper says of their time. */
const LEAST_MS = 1000;
/** What no header can have: line ends above all. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;

/** Ways to be known, by their names in the settings. */
const WAYS = ['basic', 'bearer', 'helper', 'ca', 'certificate', 'key'] as const;
type Entry = Readonly<Partial<Record<(typeof WAYS)[number], unknown>>>;

/** The identity for a server: of the entry for its host and port, or for its host. */
export function identityFor(address: Address, credentials: unknown): Identity {
  const entry = entryFor(address, credentials);
  if (!entry) return {};
  const tls = tlsOf(entry);
  return { ...headersOf(address, entry), ...(tls ? { tls } : {}) };
}

function entryFor({ host }: Address, credentials: unknown): Entry | undefined {
  if (credentials === undefined) return undefined;
  if (!isObject(credentials)) return bad('it must be an object, with an entry for each host');
  const entry = credentials[host] ?? credentials[host.replace(/:\d+$/, '')];
  if (entry === undefined) return undefined;
  if (!isObject(entry)) return bad('the entry of a host must be an object');
  const unknown = Object.keys(entry).find((name) => !(WAYS as readonly string[]).includes(name));
  if (unknown !== undefined) return bad(`there is no '${unknown}': there are ${WAYS.join(', ')}`);
  return entry;
}

function headersOf({ host }: Address, { basic, bearer, helper }: Entry): Identity {
  if (typeof helper === 'string') {
    const asked = new Helper(helper, `https://${host.replace(/:443$/, '')}`);
    return { headers: () => asked.headers(), renew: (since) => asked.renew(since) };
  }
  if (helper !== undefined) return bad('helper must be the path of a program');
  const scheme = basic === undefined ? 'Bearer' : 'Basic';
  const value = basic ?? bearer;
  if (value === undefined) return {};
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
    headers: async () => {
      const text = secret(value);
      const encoded = scheme === 'Basic' ? Buffer.from(text).toString('base64') : text;
      return { authorization: fit('authorization', `${scheme} ${encoded}`) };
    },
    // A file may have been renewed meanwhile.
    ...(isObject(value) && 'file' in value ? { renew: () => Promise.resolve(true) } : {}),
  };
}

/** A value of a header. What is unfit is not shown: it is a secret. */
function fit(name: string, value: string): string {
  return UNFIT.test(value) ? bad(`the value of the header ${name} has characters that no header can have`) : value;
}

/** A text, or where it is: `{ "env": "NAME" }`, `{ "file": "path" }`. A file is read each time: it may be renewed. */
function secret(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isObject(value) && typeof value['file'] === 'string') return readFile(value['file']).trim();
  if (isObject(value) && typeof value['env'] === 'string')
    return process.env[value['env']] ?? bad(`the variable ${value['env']} is not set`);
  return bad('a secret is a string, { "env": "NAME" } or { "file": "path" }');
}

function tlsOf({ ca, certificate, key }: Entry): Identity['tls'] {
  const text = (path: unknown): string =>
    typeof path === 'string' ? readFile(path) : bad('a certificate is the path of a file');
  if (ca === undefined && certificate === undefined && key === undefined) return undefined;
  if ((certificate === undefined) !== (key === undefined))
    return bad('a certificate needs its key, and a key its certificate');
  return {
    ...(ca === undefined ? {} : { ca: text(ca) }),
    ...(certificate === undefined ? {} : { cert: text(certificate), key: text(key) }),
  };
}

/** A program that gives headers for some time. It is asked once at a time, however many calls wait for it. */
class Helper {
  readonly #program: string;
  readonly #uri: string;
  #given: Promise<Given> | undefined;
  #askedAt = 0;
  #useUntil = Infinity;

  constructor(program: string, uri: string) {
    this.#program = program;
    this.#uri = uri;
  }

  async headers(): Promise<Given['headers']> {
    if (!this.#given || Date.now() >= this.#useUntil) this.#given = this.#ask();
    return (await this.#given).headers;
  }

  /** The server has refused what the helper gave. Whether it gives something else since. */
  async renew(since: number): Promise<boolean> {
    // Another call may have been refused before.
    if (this.#askedAt > since) return true;
    const before = JSON.stringify(await this.headers());
    if (this.#askedAt <= since) this.#given = this.#ask();
    return JSON.stringify(await this.headers()) !== before;
  }

  async #ask(): Promise<Given> {
    this.#askedAt = Date.now();
    this.#useUntil = Infinity;
    const { stdout, failed, shortMessage } = await execa(inHome(this.#program), ['get'], {
      input: JSON.stringify({ uri: this.#uri }),
      timeout: HELPER_TIMEOUT_MS,
      reject: false,
      stderr: 'ignore',
    });
    if (failed) return bad(`the helper does not work: ${shortMessage}`);
    const asked = given(this.#program, stdout);
    const now = Date.now();
    const life = asked.expires - now;
    this.#useUntil = now + Math.max(LEAST_MS, life - Math.min(MARGIN_MS, life / 2));
    return asked;
  }
}

interface Given {
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

function given(program: string, text: string): Given {
  const { headers = {}, expires } = answerOf(program, text);
  const single = Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.join(', ')] as const);
  const until = expires === undefined ? Infinity : Date.parse(expires);
  if (Number.isNaN(until) || single.some(([name]) => !/^[!#$%&'*+.^_`|~\w-]+$/.test(name))) return notHelpful(program);
  return { headers: Object.fromEntries(single.map(([name, value]) => [name, fit(name, value)])), expires: until };
}

function answerOf(program: string, text: string): { headers?: Record<string, string[]>; expires?: string } {
  try {
    const answer: unknown = JSON.parse(text);
    if (!isObject(answer)) return notHelpful(program);
    const { headers, expires } = answer;
    const areLists = headers === undefined || (isObject(headers) && Object.values(headers).every(isTexts));
    if (areLists && (expires === undefined || typeof expires === 'string'))
      return answer as { headers?: Record<string, string[]>; expires?: string };
  } catch {
    // No JSON; what it is may be a secret.
  }
  return notHelpful(program);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function notHelpful(program: string): never {
  return bad(`the helper ${program} does not follow the protocol of credential helpers`);
}

function readFile(path: string): string {
  try {
    return readFileSync(inHome(path), 'utf8');
  } catch (error) {
    return bad((error as Error).message);
  }
}

function inHome(path: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(what: string): never {
  return fail('BAD_SETTING', `remote-credentials: ${what}`, { hint: 'docs/remote-cache.md, "Who you are"' });
}
