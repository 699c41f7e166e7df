/** Rule: the proof that the installed disk boots alone. */
import { rule, stepModule, type Value } from 'dsmb';
import { Report, type Disk } from 'dsmb/rules';
import { vmTools } from './installed.ts';

/** Attributes of `booted`. */
export interface BootedAttributes {
  /** It is not changed. */
  readonly disk: Disk;
  /** Memory of the machine; 256 unless told. */
  readonly memoryMiB?: Value<number>;
  /** Limit for the boot; 10 unless told. */
  readonly timeoutMinutes?: Value<number>;
}

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/** Passes if the disk boots by BIOS, gets an address, lets root log in, and dpkg finds every package whole. */
export const booted = rule<BootedAttributes, 'Report'>({
  name: 'booted',
  makes: Report,
  implement: ({ disk, memoryMiB = 256, timeoutMinutes = 10 }, actions) =>
    actions.step({
      mnemonic: 'BootDisk',
      module: stepModule<typeof import('./booted.step.ts').default>(new URL('./booted.step.ts', import.meta.url)),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { report: { name: 'report', kind: Report } },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
    }).report,
});
