/** What stands behind `dsmb run //deploy --`: a host, our own options, and words for install.sh. */
import { fail } from 'dsmb/step';

export interface Deployment {
  /** As ssh takes it: `user@host`, or a name of its configuration. */
  readonly target: string;
  /** Of ssh. */
  readonly port: number | undefined;
  /** Where the pages are reached from here, if ports are forwarded. */
  readonly pages: { readonly installer: number; readonly system: number };
  /** How long no page may answer. */
  readonly patienceMs: number;
  /** For install.sh. */
  readonly words: readonly string[];
}

const USAGE =
  'dsmb run //deploy -- root@host [--port N] [--pages N,N] [--patience MINUTES] [--url URL] [--dry-run] [--yes] …';
const OWN = new Set(['--port', '--pages', '--patience']);
/** Of install.sh, those with a value, which is no host. */
const WITH_VALUE = new Set(['--url', '--folder', '--disk', '--mac', '--net', '--hold']);
const PATIENCE_MINUTES = '20';

export function parseDeployment(args: readonly string[]): Deployment {
  const own = new Map<string, string>();
  const words: string[] = [];
  const hosts: string[] = [];
  const left = args[Symbol.iterator]();
  for (const word of left) {
    const takesValue = OWN.has(word) || WITH_VALUE.has(word);
    const value = takesValue ? (left.next().value ?? misused(`${word} needs a value`)) : undefined;
    if (OWN.has(word)) own.set(word, value ?? '');
    else if (word.startsWith('--')) words.push(word, ...(value === undefined ? [] : [value]));
    else hosts.push(word);
  }
  const [target, ...others] = hosts;
  if (target === undefined || others.length > 0 || target.startsWith('-')) misused('it takes one host');
  const [installer = 0, system = 0, ...more] = (own.get('--pages') ?? '80,5000').split(',').map(portOf);
  if (more.length > 0 || system === 0) misused('--pages takes two ports, for the pages on 80 and 5000');
  const minutes = Number(own.get('--patience') ?? PATIENCE_MINUTES);
  if (!(minutes > 0)) misused(`--patience takes minutes, not '${own.get('--patience')}'`);
  const port = own.has('--port') ? portOf(own.get('--port') ?? '') : undefined;
  return { target, port, pages: { installer, system }, patienceMs: minutes * 60_000, words };
}

function portOf(text: string): number {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : misused(`'${text}' is no port`);
}

function misused(what: string): never {
  return fail('DEPLOY_ARGUMENTS', what, { hint: USAGE });
}
