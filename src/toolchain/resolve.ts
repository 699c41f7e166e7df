/** From declared names to pinned packages, by the machine's own apt. */
import { fail } from '../model/diagnostic.ts';
import { shellWord } from '../model/shell-word.ts';
import { sortByCodePoint } from '../step/order.ts';
import { apt, aptShow, type AptOptions } from './apt.ts';
import { controlOf, fieldsOf } from './control.ts';
import { updateLists } from './lists.ts';
import { BASE_PACKAGES, packageKey, setKey, type Package, type PackageSet } from './packages.ts';

/** Debian policy 5.6.1. Also keeps an option from being smuggled into apt's command line. */
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;

/** What apt would install for the set on an empty machine; sorted by name. */
export async function resolveSet(set: PackageSet, options: AptOptions): Promise<Package[]> {
  for (const name of set.packages)
    if (!NAME.test(name)) fail('UNKNOWN_PACKAGE', `'${name}' is not the name of a Debian package`);
  const updated = await updateLists(options);
  let named = await namedPackages(set, options);
  if (!updated && named.unknown.length > 0) {
    await updateLists(options, true);
    named = await namedPackages(set, options);
  }
  if (named.unknown.length > 0) complain(set, named.unknown);
  const names = named.packages.map(({ name }) => name);
  const packages = set.closure ? await show(await closure(names, options), options) : named.packages;
  return sortByCodePoint(packages, packageKey);
}

/** Those of some names that no list has: neither as a package, nor as what one provides. */
export async function unknownNames(names: readonly string[], options: AptOptions): Promise<Set<string>> {
  const real = new Set((await apt(options, 'apt-cache', ['pkgnames'])).split('\n'));
  const others = names.filter((name) => !real.has(name));
  const provided = await providers(others, options);
  return new Set(others.filter((name) => !provided.has(name)));
}

interface Named {
  readonly packages: readonly Package[];
  readonly unknown: readonly Unknown[];
}

interface Unknown {
  readonly name: string;
  /** The packages that provide it: several, of which none can be chosen, or none. */
  readonly providers: readonly string[];
}

/** The packages that a set names. What one package alone provides stands for it: libraries change their names. */
async function namedPackages(set: PackageSet, options: AptOptions): Promise<Named> {
  const packages = await show(set.packages, options);
  const known = new Set(packages.map(({ name }) => name));
  const missing = set.packages.filter((name) => !known.has(name));
  const provided = await providers(missing, options);
  const unknown = missing
    .map((name) => ({ name, providers: provided.get(name) ?? [] }))
    .filter((one) => one.providers.length !== 1);
  const standIns = await show([...provided.values()].filter((names) => names.length === 1).flat(), options);
  return { packages: [...packages, ...standIns.filter(({ name }) => !known.has(name))], unknown };
}

/** Which packages provide a name that no package has. */
async function providers(names: readonly string[], options: AptOptions): Promise<Map<string, string[]>> {
  if (names.length === 0) return new Map();
  return parseProviders(await apt(options, 'apt-cache', ['showpkg', ...names]));
}

async function show(names: readonly string[], options: AptOptions): Promise<Package[]> {
  return names.length === 0 ? [] : parseStanzas(await aptShow(options, names));
}

/** The whole closure as `name=version`. */
async function closure(names: readonly string[], options: AptOptions): Promise<string[]> {
  const all = [...new Set([...BASE_PACKAGES, ...names])];
  const lines = await apt(options, 'apt-get', ['install', '--quiet=2', '--print-uris', ...all]);
  return lines.split('\n').flatMap((line) => parseUriLine(line) ?? []);
}

function complain(set: PackageSet, unknown: readonly Unknown[]): never {
  const names = unknown.map(({ name }) => name).join(', ');
  const provided = unknown.filter((one) => one.providers.length > 0);
  return fail('UNKNOWN_PACKAGE', `no package source of this machine has ${names}`, {
    detail: [
      `needed for '${setKey(set)}'`,
      ...provided.map((one) => `${one.name} is provided by ${one.providers.join(', ')}: name one of them`),
    ].join('\n'),
    hint: `apt-cache search -- ${shellWord(unknown[0]!.name)}`,
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

/** Reads what `apt-cache showpkg` prints: each name with the packages that provide it, where there are any. */
export function parseProviders(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const section of text.split(/^Package: /m).slice(1)) {
    const lines = section.split('\n');
    const provides = lines.slice(lines.findIndex((line) => line.startsWith('Reverse Provides:')) + 1);
    const names = new Set(provides.flatMap((line) => /^(\S+) /.exec(line)?.[1] ?? []));
    if (names.size > 0) found.set(lines[0]!, sortByCodePoint(names));
  }
  return found;
}

/** Reads what `apt-cache show` prints; the first stanza of a name and version wins, as it does for apt. */
export function parseStanzas(text: string): Package[] {
  const found = new Map<string, Package>();
  for (const stanza of text.split(/\n\n+/)) {
    const fields = fieldsOf(stanza);
    const name = fields.get('package');
    if (name === undefined) continue;
    const entry: Package = {
      name,
      version: fields.get('version') ?? '',
      architecture: fields.get('architecture') ?? '',
      filename: fields.get('filename') ?? '',
      size: Number(fields.get('size')),
      sha256: fields.get('sha256') ?? '',
      control: controlOf(fields),
    };
    if (!found.has(packageKey(entry))) found.set(packageKey(entry), checked(entry));
  }
  return [...found.values()];
}

function checked(entry: Package): Package {
  const sound =
    /^[0-9a-f]{64}$/.test(entry.sha256) && Number.isSafeInteger(entry.size) && entry.size > 0 && entry.filename !== '';
  if (!sound) fail('APT_FAILED', `the package list has no size, file name or SHA-256 for ${packageKey(entry)}`);
  return entry;
}
