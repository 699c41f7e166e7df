/** The MAC that a bootable disk's grub.cfg hands to the kernel: the guest uses only a network card that has it. */
import { fail } from 'dsmb/step';
import { openFat, parseMbr, SECTOR, sliceSource, type ByteSource } from 'dsmb/disk';

const GRUB_CONFIG = 'boot/grub/grub.cfg';
const MAX_CONFIG_BYTES = 1024 * 1024;

/** Reads `mac1` out of the active FAT partition, with colons and in lower case. */
export function bootMac(disk: ByteSource): string {
  const active = parseMbr(disk.read(0, SECTOR)).partitions.find((partition) => partition.active);
  if (!active) return fail('NOT_BOOTABLE', 'no partition of the disk is active: nothing would boot from it');
  const partition = sliceSource(disk, active.start * SECTOR, active.sectors * SECTOR, `partition ${active.number}`);
  const config = openFat(partition).file(GRUB_CONFIG);
  return macOf(config.read(0, Math.min(config.size, MAX_CONFIG_BYTES)).toString('utf8'));
}

/** The value of the first `set mac1=…` of a GRUB configuration. */
export function macOf(config: string): string {
  const value = /^\s*set\s+mac1=["']?([0-9a-f:-]+)/im.exec(config)?.[1] ?? '';
  const digits = value.replaceAll(/[:-]/g, '').toLowerCase();
  if (digits.length !== 12)
    fail('GRUB_NO_MAC', `${GRUB_CONFIG} sets no mac1: the guest would use no network card`, {
      detail: config.slice(0, 2000),
      hint: 'make the configuration with grubConfig({ mac: … })',
    });
  return digits.match(/../g)?.join(':') ?? '';
}
