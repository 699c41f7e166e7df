/** Rule: a disk in a virtual machine, for a person to look at. */
import { fail, rule, Runnable, stepModule, type Value } from 'dsmb';
import type { BootImage, Disk } from '../kinds.ts';
import { vmTools } from '../toolchains.ts';
import type bootStep from './boot.step.ts';

/** Attributes of `bootedDisk`. */
export interface BootedDiskAttributes {
  /** What is booted. It is not changed: the machine writes to an overlay that is gone with it. */
  readonly disk: Disk | BootImage;
  /** The MAC of the network card; unless told that of the disk's `grub.cfg`, where it has one. */
  readonly mac?: Value<string>;
  /** Ports of the guest, each reachable at the same port of 127.0.0.1. */
  readonly ports?: readonly Value<number>[];
  /** Memory of the machine; 1024 unless told. */
  readonly memoryMiB?: Value<number>;
}

/** QEMU's own memory, beside the guest's. */
const OVERHEAD_MIB = 256;

/** Boots a disk through the firmware and virtio-blk. The serial console is the terminal; Ctrl-A x ends the machine. */
export const bootedDisk = rule<BootedDiskAttributes, 'Runnable'>({
  name: 'bootedDisk',
  makes: Runnable,
  implement({ disk, mac, ports = [], memoryMiB = 1024 }, actions) {
    for (const port of ports)
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        fail('BAD_ATTRIBUTE', `ports: ${port} is not a TCP port`, { attribute: 'ports' });
    return actions.runnable({
      mnemonic: 'Boot',
      module: stepModule<typeof bootStep>(new URL('./boot.step.ts', import.meta.url)),
      args: { mac: mac ?? null, ports, memoryMiB },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      network: true,
    });
  },
});
