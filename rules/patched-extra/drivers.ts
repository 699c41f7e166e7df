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
    drivers.set(name, { name, content, depends: dependsOf(content, `${name}.ko`) });
  }
  return sortByCodePoint(drivers.values(), (driver) => driver.name);
}

/** The name of a module by its file; undefined for other files. */
export function moduleName(file: string): string | undefined {
  return MODULE_FILE.exec(basename(file))?.groups?.['name'];
}

/** What a module says in its `.modinfo` section: `depends=a,b`. */
export function dependsOf(content: Buffer, name: string): string[] {
  const info =
    elfSection(content, '.modinfo', name) ?? fail('ELF_CORRUPT', `${name} is no kernel module: it has no .modinfo`);
  const line = info
    .toString('latin1')
    .split('\0')
    .find((entry) => entry.startsWith('depends='));
  return (line ?? 'depends=')
    .slice('depends='.length)
    .split(',')
    .filter((each) => each !== '');
}

/** Modules are the same whether written with `-` or `_`. */
export function sameModule(a: string, b: string): boolean {
  return kernelName(a) === kernelName(b);
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
