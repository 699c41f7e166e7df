/** An overlay (cpio in LZMA) with files added or replaced; bodies stay on disk until they are written. */
import { cpioDirectory, decompressed, readCpio, type CpioSource } from 'dsmb/archive';
import { sortByCodePoint } from 'dsmb/step';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dependsOf, moduleInfo, moduleName, type Module } from './drivers.ts';

/** Where the loader looks for modules that an overlay brings. */
const MODULES = 'usr/lib/modules';

/** An opened overlay. */
export interface Overlay {
  /** The file's bytes as latin-1 text, so that any byte survives; undefined where there is no such file. */
  text(path: string): Promise<string | undefined>;
  bytes(path: string): Promise<Buffer | undefined>;
  /** Adds or replaces an entry; folders above it are made. */
  put(entry: CpioSource): void;
  paths(): string[];
  /** In the order to pack them: folders, then modprobe (which the kernel may call while it unpacks), then the rest. */
  entries(): CpioSource[];
}

/** Unpacks to one file in `scratch` and notes where each entry's body is. */
export async function openOverlay(archive: string, scratch: string): Promise<Overlay> {
  const unpacked = join(scratch, 'overlay.cpio');
  await writeFile(unpacked, decompressed(archive));
  const entries = new Map<string, CpioSource>();
  const put = (entry: CpioSource): void => {
    for (let folder = dirname(entry.path); folder !== '.'; folder = dirname(folder))
      if (!entries.has(folder)) entries.set(folder, cpioDirectory(folder));
    entries.set(entry.path, entry);
  };
  for await (const { path, type, mode, size, device, link, bodyOffset } of readCpio(createReadStream(unpacked))) {
    const body = () =>
      size === 0 ? [] : createReadStream(unpacked, { start: bodyOffset, end: bodyOffset + size - 1 });
    put({ path, type, mode, size, body, ...(device ? { device } : {}), ...(link === undefined ? {} : { link }) });
  }
  const bytes = async (path: string): Promise<Buffer | undefined> => {
    const entry = entries.get(path);
    if (entry?.type !== 'file') return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.body()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return {
    bytes,
    text: async (path) => (await bytes(path))?.toString('latin1'),
    put,
    paths: () => sortByCodePoint(entries.keys()),
    entries: () => sortByCodePoint(entries.values(), (entry) => `${rank(entry)}${entry.path}`),
  };
}

/** The modules that an overlay brings, and what they depend on. */
export async function modulesOf(overlay: Overlay): Promise<Module[]> {
  const modules: Module[] = [];
  for (const path of overlay.paths()) {
    const name = moduleName(path);
    const content = name === undefined || !path.endsWith('.ko') ? undefined : await overlay.bytes(path);
    if (name !== undefined && content) modules.push({ name, depends: dependsOf(moduleInfo(content, path)) });
  }
  return modules;
}

/** The folder that the overlay keeps its modules in. */
export function moduleFolder(overlay: Overlay): string {
  const path = overlay.paths().find((each) => moduleName(each) !== undefined);
  return path === undefined ? MODULES : dirname(path);
}

function rank(entry: CpioSource): number {
  if (entry.type === 'directory') return 0;
  return basename(entry.path) === 'modprobe' ? 1 : 2;
}
