/** The packages of a lock as one more source for apt: what they depend on is known after every list has dropped them. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debControl } from './deb.ts';
import { debFile, type Package } from './packages.ts';

/** A source that apt is told of by settings; it goes when it is disposed of. */
export interface LockSource extends Disposable {
  readonly settings: readonly string[];
}

/** Above all that a machine's own preferences are likely to say. */
const PREFERRED = 30_000;
const OWN_PREFERENCES = '/etc/apt/preferences';

/** Makes the source, in a temporary folder. With `preferred`, apt takes these versions before any other. */
export function lockSource(packages: readonly Package[], preferred?: 'preferred'): LockSource {
  const own = mkdtempSync(join(tmpdir(), 'dsmb-lock-'));
  const list = join(own, 'Packages');
  writeFileSync(list, packages.map(stanza).join(''));
  const settings = [`APT::Sources::With::=${list}`];
  if (preferred) {
    const preferences = join(own, 'preferences');
    // The first word counts: ours stands before the machine's, which this file takes the place of.
    writeFileSync(preferences, packages.map(pin).join('') + machinePreferences());
    settings.push(`Dir::Etc::preferences=${preferences}`);
  }
  return { settings, [Symbol.dispose]: () => rmSync(own, { recursive: true, force: true }) };
}

/** The packages with what resolution needs; a lock of version 1 lacks it, and a .deb file that is there has it. */
export async function described(packages: readonly Package[], cache: string): Promise<Package[]> {
  const known: Package[] = [];
  for (const each of packages) {
    const file = debFile(cache, each);
    const isThere = statSync(file, { throwIfNoEntry: false })?.size === each.size;
    known.push(each.control || !isThere ? each : { ...each, control: await debControl(file) });
  }
  return known;
}

/** One entry of a list of packages; none where it is not known what the package depends on. */
function stanza({ name, version, architecture, filename, size, sha256, control }: Package): string {
  if (!control) return '';
  const fields = { Package: name, Version: version, Architecture: architecture, ...control };
  const lines = Object.entries({ ...fields, Filename: filename, Size: size, SHA256: sha256 });
  return `${lines.map(([field, value]) => `${field}: ${value}\n`).join('')}\n`;
}

/** What is made of the same source fits to the same version, whether the lock has it or not. */
function pin({ name, version, control }: Package): string {
  const source = control && ` src:${control.Source?.split(' ')[0] ?? name}`;
  return `Package: ${name}${source ?? ''}\nPin: version ${version}\nPin-Priority: ${PREFERRED}\n\n`;
}

function machinePreferences(): string {
  return statSync(OWN_PREFERENCES, { throwIfNoEntry: false }) ? readFileSync(OWN_PREFERENCES, 'utf8') : '';
}
