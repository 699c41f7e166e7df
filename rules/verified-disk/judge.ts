/** What was seen of a booted disk, and whether it is what was expected. Pure. */

/** `installed`: the system runs. `install-screen`: the disk is not recognised (for negative controls). */
export type Expectation = 'installed' | 'install-screen';

/** What the console told. */
export interface ConsoleFacts {
  /** Of the last `Partition Version=`; 8 is the layout of an installed DSM 6. */
  readonly partitionVersion?: number;
  /** The MAC that the running system says it has; the stand-in guest says it, a real DSM does not. */
  readonly readyMac?: string;
}

/** All that was seen. */
export interface Observation extends ConsoleFacts {
  /** What port 5000 showed. */
  readonly screen: 'system' | 'install';
  /** Why the install screen came, in its own word. */
  readonly status?: string;
  /** The MAC of grub.cfg, which the machine's network card has. */
  readonly mac: string;
}

const INSTALLED_LAYOUT = 8;

/** Reads the console's text. */
export function readConsole(text: string): ConsoleFacts {
  const version = [...text.matchAll(/Partition Version=(\d+)/g)].at(-1)?.[1];
  const mac = [...text.matchAll(/DSM-READY[^\n]* mac=([0-9a-fA-F:]{17})[^\n]*\n/g)].at(-1)?.[1];
  return {
    ...(version === undefined ? {} : { partitionVersion: Number(version) }),
    ...(mac === undefined ? {} : { readyMac: mac.toLowerCase() }),
  };
}

/** What is not as expected, in a sentence each; empty where all is well. */
export function judge(expect: Expectation, seen: Observation): string[] {
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
  ];
}
