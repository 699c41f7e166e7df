/** What was seen of a booted disk, and whether it is what was expected. Pure. */

/** `installed`: the system runs. `install-screen`: the disk is not recognised (for negative controls). */
export type Expectation = 'installed' | 'install-screen';

/** What the console told. */
export interface ConsoleFacts {
  /** Of the last `Partition Version=`; 8 is the layout of an installed DSM 6. */
  readonly partitionVersion?: number;
  /** The MAC that the running system says it has; the stand-in guest says it, a real DSM does not. */
  readonly readyMac?: string;
  /** Those of its further cards. */
  readonly readyOtherMacs?: readonly string[];
  /** What it has mounted, for example `/volume1`. */
  readonly volumes?: readonly string[];
}

/** All that was seen. */
export interface Observation extends ConsoleFacts {
  /** What port 5000 showed. */
  readonly screen: 'system' | 'install';
  /** Why the install screen came, in its own word. */
  readonly status?: string;
  /** The MAC of grub.cfg, which the machine's network card has. */
  readonly mac: string;
  /** `mac2` … of grub.cfg, one for each further card. */
  readonly otherMacs?: readonly string[];
  /** Blocks of 1 MiB of each data disk that the system has changed. */
  readonly dataDisks?: readonly { readonly changedBlocks: number }[];
}

const INSTALLED_LAYOUT = 8;

/** Reads the console's text. */
export function readConsole(text: string): ConsoleFacts {
  const version = [...text.matchAll(/Partition Version=(\d+)/g)].at(-1)?.[1];
  const ready = [...text.matchAll(/DSM-READY([^\r\n]*)\r?\n/g)].at(-1)?.[1] ?? '';
  const words = new Map([...ready.matchAll(/(\w+)=(\S*)/g)].map(([, key = '', value = '']) => [key, value]));
  const mac = words.get('mac');
  const others = [...words].filter(([key]) => /^mac\d+$/.test(key)).map(([, address]) => address.toLowerCase());
  const volumes = words.get('volumes');
  return {
    ...(version === undefined ? {} : { partitionVersion: Number(version) }),
    ...(mac === undefined ? {} : { readyMac: mac.toLowerCase() }),
    ...(others.length === 0 ? {} : { readyOtherMacs: others }),
    ...(volumes === undefined ? {} : { volumes: volumes.split(',').filter((volume) => volume !== '') }),
  };
}

/** What is not as expected, in a sentence each; empty where all is well. `volumes`: what must be mounted, in any order. */
export function judge(expect: Expectation, seen: Observation, volumes?: readonly string[]): string[] {
  if (expect === 'install-screen')
    return seen.screen === 'install' ? [] : ['expected the install screen, but the installed system answers'];
  return [
    ...(seen.screen === 'install' ? [`the install screen came up (${seen.status ?? 'no status'})`] : []),
    ...(seen.partitionVersion === INSTALLED_LAYOUT
      ? []
      : [`the console shows Partition Version=${seen.partitionVersion ?? 'nothing'}, not ${INSTALLED_LAYOUT}`]),
    ...(seen.readyMac !== undefined && seen.readyMac !== seen.mac
      ? [`the system runs with the MAC ${seen.readyMac}, but grub.cfg says ${seen.mac}`]
      : []),
    ...(seen.readyMac !== undefined && listOf(seen.readyOtherMacs) !== listOf(seen.otherMacs)
      ? [`its further cards are ${listOf(seen.readyOtherMacs)}, but grub.cfg says ${listOf(seen.otherMacs)}`]
      : []),
    ...(volumes === undefined ? [] : judgeVolumes(seen, volumes)),
  ];
}

function judgeVolumes({ screen, volumes }: Observation, wanted: readonly string[]): string[] {
  if (screen === 'install') return [];
  if (volumes === undefined) return ['DSM-READY with the volumes was not seen on the console'];
  return listOf(volumes) === listOf(wanted) ? [] : [`the volumes are ${listOf(volumes)}, not ${listOf(wanted)}`];
}

function listOf(names: readonly string[] = []): string {
  return names.length === 0 ? 'none' : names.toSorted().join(', ');
}
