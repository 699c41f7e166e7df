/** Kernel modules: found in a folder, and asked for what they depend on. */
import { decompressed, elfSection } from 'dsmb/archive';
import { fail, sortByCodePoint } from 'dsmb/step';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A module by the name of its file, without `.ko`. */
export interface Module {
  readonly name: string;
  /** Names as the kernel writes them, with `_` for `-`. */
  readonly depends: readonly string[];
}

/** A module to add. */
export interface Driver extends Module {
  readonly content: Buffer;
  /** What the kernel compares with its own: release and options, for example `3.10.102 SMP mod_unload `. */
  readonly versionMagic: string;
}

const MODULE_FILE = /^(?<name>[\w-]+)\.ko(\.xz|\.gz)?$/;

/** All modules below a folder, by name. Compressed ones are unpacked: the initrd's insmod may not know how. */
export async function readDrivers(folder: string): Promise<Driver[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => MODULE_FILE.test(basename(file)));
  if (files.length === 0)
    fail('NO_DRIVERS', 'the folder of drivers has no kernel module', { hint: 'it must have *.ko or *.ko.xz files' });
  const drivers = new Map<string, Driver>();
  for (const file of sortByCodePoint(files)) {
    const name = moduleName(file) ?? '';
    if (drivers.has(name)) fail('DRIVER_TWICE', `the folder of drivers has ${name}.ko twice`);
    const content = await contentOf(join(folder, file));
    const info = moduleInfo(content, `${name}.ko`);
    drivers.set(name, { name, content, depends: dependsOf(info), versionMagic: info.get('vermagic') ?? '' });
  }
  return sortByCodePoint(drivers.values(), (driver) => driver.name);
}

/** The name of a module by its file; undefined for other files. */
export function moduleName(file: string): string | undefined {
  return MODULE_FILE.exec(basename(file))?.groups?.['name'];
}

/** What a module says of itself in its `.modinfo` section: `key=value` texts; of a key that repeats, the first. */
export function moduleInfo(content: Buffer, name: string): ReadonlyMap<string, string> {
  const section =
    elfSection(content, '.modinfo', name) ?? fail('ELF_CORRUPT', `${name} is no kernel module: it has no .modinfo`);
  const info = new Map<string, string>();
  for (const entry of section.toString('latin1').split('\0')) {
    const [, key, value] = /^(\w+)=(.*)$/s.exec(entry) ?? [];
    if (key !== undefined && value !== undefined && !info.has(key)) info.set(key, value);
  }
  return info;
}

/** The modules that must be loaded before: `depends=a,b`. */
export function dependsOf(info: ReadonlyMap<string, string>): string[] {
  return (info.get('depends') ?? '').split(',').filter((name) => name !== '');
}

/** The name as the kernel writes it. */
export function kernelName(name: string): string {
  return name.replaceAll('-', '_');
}

async function contentOf(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decompressed(file)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
