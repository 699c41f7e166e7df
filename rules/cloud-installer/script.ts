/** `install.sh`: its parts in a row, with what they have to know of the image in front. Pure. */
import { fail } from 'dsmb/step';
import type { InstallManifest } from './manifest.ts';

/** What stands in the script. */
export interface ScriptFacts {
  readonly manifest: InstallManifest;
  /** SHA-256 of the manifest's text. */
  readonly digest: string;
  /** Addresses of the folder, where they are known when it is built. */
  readonly urls: readonly string[];
}

/** Blocks that a host fetches to see how fast it gets them. */
const SAMPLES = 3;
/** The place of the facts, a line of its own in one of the parts. */
const PLACE = '#FACTS#';

/** The text of the script. */
export function installScript(parts: readonly string[], facts: ScriptFacts): string {
  const whole = parts.join('\n');
  if (whole.split(PLACE).length !== 2) fail('INTERNAL', `install.sh has no single line ${PLACE}`);
  return whole.replace(PLACE, () => factLines(facts));
}

function factLines({ manifest, digest, urls }: ScriptFacts): string {
  const { disk, boot, minimum, macPrefixes = [], network, lastPartition, kernel, initrd, blocks } = manifest;
  const sample = blocks.toSorted((a, b) => b.packed - a.packed).slice(0, SAMPLES);
  const facts: Readonly<Record<string, string | number>> = {
    URLS: urls.join(' '),
    MANIFEST: digest,
    IMAGE_BYTES: disk.bytes,
    DATA_BYTES: disk.dataBytes,
    PACKED_BYTES: blocks.reduce((sum, { packed }) => sum + packed, 0),
    BOOT: boot.join(' '),
    MEMORY_MIB: minimum.memoryMiB,
    MAC_PREFIXES: macPrefixes.join(' '),
    NETWORK_BYTES: network?.bytes ?? 0,
    GROWS: lastPartition?.number ?? '',
    KERNEL: kernel.file,
    KERNEL_BYTES: kernel.bytes,
    INITRD: initrd.file,
    INITRD_BYTES: initrd.bytes,
    SAMPLES: sample.map(({ sha256 }) => sha256).join(' '),
  };
  return Object.entries(facts)
    .map(([name, value]) => `${name}='${checked(String(value))}'`)
    .join('\n');
}

/** Nothing that would end the quotes of the shell. */
function checked(text: string): string {
  return /^[\w .,:;/?&=%@+~[\]-]*$/.test(text)
    ? text
    : fail('BAD_ATTRIBUTE', `'${text}' cannot stand in install.sh`, { attribute: 'urls' });
}
