/** Rule: a disk in a virtual machine, for a person to look at. */
import { attr, fail, rule, Runnable } from 'dsmb';
import { BootImage, Disk } from '../kinds.ts';
import { vmTools } from '../toolchains.ts';

/** QEMU's own memory, beside the guest's. */
const OVERHEAD_MIB = 256;

/** Boots a disk through the firmware and virtio-blk. The serial console is the terminal; Ctrl-A x ends the machine. */
export const bootedDisk = rule({
  name: 'bootedDisk',
  makes: Runnable,
  attributes: {
    /** What is booted. It is not changed: the machine writes to an overlay that is gone with it. */
    disk: attr.oneOf(Disk, BootImage),
    /** The MAC of the network card; by default that of the disk's `grub.cfg`, where it has one. */
    mac: attr.optional(attr.string),
    /** Ports of the guest, each reachable at the same port of 127.0.0.1. */
    ports: attr.optional(attr.list(attr.integer)),
    /** Memory of the machine; 1024 by default. */
    memoryMiB: attr.optional(attr.integer),
  },
  implement({ disk, mac, ports = [], memoryMiB = 1024 }, actions) {
    for (const port of ports)
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        fail('BAD_ATTRIBUTE', `ports: ${port} is not a TCP port`, { attribute: 'ports' });
    return actions.runnable({
      mnemonic: 'Boot',
      module: () => import('./boot.step.ts'),
      args: { mac: mac ?? null, ports, memoryMiB },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      network: true,
    });
  },
});
