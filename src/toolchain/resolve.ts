/** From declared names to pinned packages, by the machine's own apt. */
import { fail } from '../model/diagnostic.ts';
import { sortByCodePoint } from '../step/order.ts';
import { apt, aptShow, updateLists, type AptOptions } from './apt.ts';
import { BASE_PACKAGES, packageKey, setKey, type Package, type PackageSet } from './packages.ts';

/** Debian policy 5.6.1. Also keeps an option from being smuggled into apt's command line. */
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;

/** What apt would install for the set on an empty machine; sorted by name. `fresh` fetches the lists anew first. */
export async function resolveSet(set: PackageSet, options: AptOptions, fresh = false): Promise<Package[]> {
  for (const name of set.packages)
    if (!NAME.test(name)) fail('UNKNOWN_PACKAGE', `'${name}' is no name of a Debian package`);
  const updated = await updateLists(options, fresh);
  let named = await show(set.packages, options);
  if (!updated && named.length < new Set(set.packages).size) {
    await updateLists(options, true);
    named = await show(set.packages, options);
  }
  complain(set, named);
  const packages = set.closure ? await show(await closure(set, options), options) : named;
  return sortByCodePoint(packages, packageKey);
}

async function show(names: readonly string[], options: AptOptions): Promise<Package[]> {
  return names.length === 0 ? [] : parseStanzas(await aptShow(options, names));
}

/** The whole closure as `name=version`. */
async function closure(set: PackageSet, options: AptOptions): Promise<string[]> {
  const names = [...new Set([...BASE_PACKAGES, ...set.packages])];
  const lines = await apt(options, 'apt-get', ['install', '--quiet=2', '--print-uris', ...names]);
  return lines.split('\n').flatMap((line) => parseUriLine(line) ?? []);
}

function complain(set: PackageSet, named: readonly Package[]): void {
  const known = new Set(named.map(({ name }) => name));
  const unknown = set.packages.filter((name) => !known.has(name));
  if (unknown.length > 0)
    fail('UNKNOWN_PACKAGE', `no package source of this machine has ${unknown.join(', ')}`, {
      detail: `needed for '${setKey(set)}'`,
      hint: 'look the name up with `apt-cache policy <name>`; a virtual package must be replaced by a real one',
    });
}

/** Reads `'URI' name_version_architecture.deb size hash`; apt quotes `_`, `:` and `%` in the fields as `%xx`. */
export function parseUriLine(line: string): string | undefined {
  const [name, version] = /^'[^']*' (\S+)_[^_]+\.deb \d+/.exec(line)?.[1]?.split('_') ?? [];
  if (name === undefined || version === undefined) return undefined;
  return packageKey({ name: unquote(name), version: unquote(version) });
}

function unquote(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Reads what `apt-cache show` prints; the first stanza of a name and version wins, as it does for apt. */
export function parseStanzas(text: string): Package[] {
  const found = new Map<string, Package>();
  for (const stanza of text.split(/\n\n+/)) {
    const fields = new Map(stanza.split('\n').map((line) => splitField(line)));
    const name = fields.get('package');
    if (name === undefined) continue;
    const entry: Package = {
      name,
      version: fields.get('version') ?? '',
      architecture: fields.get('architecture') ?? '',
      filename: fields.get('filename') ?? '',
      size: Number(fields.get('size')),
      sha256: fields.get('sha256') ?? '',
    };
    if (!found.has(packageKey(entry))) found.set(packageKey(entry), checked(entry));
  }
  return [...found.values()];
}

function splitField(line: string): [string, string] {
  const colon = line.startsWith(' ') ? -1 : line.indexOf(':');
  return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()];
}

function checked(entry: Package): Package {
  const sound =
    /^[0-9a-f]{64}$/.test(entry.sha256) && Number.isSafeInteger(entry.size) && entry.size > 0 && entry.filename !== '';
  if (!sound) fail('APT_FAILED', `the package list has no size, file name or SHA-256 for ${packageKey(entry)}`);
  return entry;
}
