/** Kernel modules: what each needs, and an order in which they can be loaded. */
import { elfSection } from './elf.ts';

/** What a module needs, from its `.modinfo`. Soft dependencies do not count: whoever wants them names them. */
export function moduleRequirements(module: Buffer): string[] {
  const texts = elfSection(module, '.modinfo', 'kernel module')?.toString('latin1').split('\0') ?? [];
  const depends = texts.find((text) => text.startsWith('depends='))?.slice('depends='.length) ?? '';
  return depends
    .split(',')
    .filter((name) => name !== '')
    .map(moduleName);
}

/** A module's name, from its own or its file's: files and dependencies may be written with dashes. */
export function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** The modules and all that they need, each after what it needs. `requirements` is asked once for each module. */
export function loadOrder(wanted: readonly string[], requirements: (module: string) => readonly string[]): string[] {
  const order = new Set<string>();
  const visit = (module: string, path: readonly string[]): void => {
    if (order.has(module) || path.includes(module)) return;
    for (const needed of requirements(module)) visit(needed, [...path, module]);
    order.add(module);
  };
  for (const module of wanted) visit(moduleName(module), []);
  return [...order];
}
