/** `etc/rc.modules`: the lists of modules that the loader loads, in their order. */
import { kernelName, type Module } from './drivers.ts';

/** The new list, and dependencies that are not in the overlay: the kernel or the initrd must have them. */
export interface ModuleList {
  readonly text: string;
  readonly elsewhere: readonly { readonly module: string; readonly needs: string }[];
}

const EMPTY = 'EXTRA_MODULES=""\nDISK_MODULES=""\nEXTRA_FIRMWARES=""\n';

/** Modules that serve disks are loaded last, as the loader's own are. */
const DISK_DRIVER = /(^|_)(blk|scsi|pvscsi|sas|raid|nvme|ahci)|^(sd_mod|ata_|libata|sata|pata|mpt|mmc|hpsa|aac|3w)/;

/** Lists `added` and what they depend on; what is listed stays, but for dependencies that move before it. */
export function withModules(text: string, added: readonly Module[], present: readonly Module[]): ModuleList {
  const list = text === '' ? EMPTY : text;
  const known = new Map([...present, ...added].map((module) => [kernelName(module.name), module]));
  const placed = new Set<string>();
  const elsewhere: { module: string; needs: string }[] = [];

  const order = (names: readonly string[]): string[] => {
    const ordered: string[] = [];
    const place = (name: string): void => {
      if (placed.has(kernelName(name))) return;
      placed.add(kernelName(name));
      for (const needs of known.get(kernelName(name))?.depends ?? []) {
        const module = known.get(kernelName(needs));
        if (module) place(module.name);
        else if (!placed.has(kernelName(needs))) elsewhere.push({ module: name, needs });
      }
      ordered.push(known.get(kernelName(name))?.name ?? name);
    };
    for (const name of names) place(name);
    return ordered;
  };

  const suffix = /\.ko\b/.test(`${valueOf(list, 'EXTRA_MODULES')} ${valueOf(list, 'DISK_MODULES')}`) ? '.ko' : '';
  const isDisk = (module: Module): boolean => DISK_DRIVER.test(kernelName(module.name));
  const extra = order([...listed(list, 'EXTRA_MODULES'), ...namesOf(added.filter((module) => !isDisk(module)))]);
  const disk = order([...listed(list, 'DISK_MODULES'), ...namesOf(added.filter(isDisk))]);
  const written = (names: readonly string[]): string => names.map((name) => name + suffix).join(' ');
  return {
    text: assign(assign(list, 'EXTRA_MODULES', written(extra)), 'DISK_MODULES', written(disk)),
    elsewhere,
  };
}

function namesOf(modules: readonly Module[]): string[] {
  return modules.map((module) => module.name);
}

function listed(list: string, variable: string): string[] {
  return valueOf(list, variable)
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => name.replace(/\.ko$/, ''));
}

/** `NAME="a b"`, `NAME='a b'` or `NAME=a` at the start of a line. */
function assignment(variable: string): RegExp {
  return new RegExp(`^${variable}=(?:"([^"]*)"|'([^']*)'|(\\S*))`, 'm');
}

function valueOf(list: string, variable: string): string {
  const [, double, single, bare] = assignment(variable).exec(list) ?? [];
  return double ?? single ?? bare ?? '';
}

function assign(list: string, variable: string, value: string): string {
  const line = `${variable}="${value}"`;
  if (assignment(variable).test(list)) return list.replace(assignment(variable), () => line);
  return `${list}${list.endsWith('\n') ? '' : '\n'}${line}\n`;
}
