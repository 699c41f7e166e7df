/** The MAC that a bootable disk's grub.cfg hands to the kernel: the guest uses only a network card that has it. */
import { fail } from 'dsmb/step';
import { openFat, parseMbr, SECTOR, sliceSource, type ByteSource } from 'dsmb/disk';

const GRUB_CONFIG = 'boot/grub/grub.cfg';
const MAX_CONFIG_BYTES = 1024 * 1024;

/** Reads `mac1`, `mac2` … out of the active FAT partition, with colons and in lower case. */
export function bootMacs(disk: ByteSource): [first: string, ...others: string[]] {
  const active = parseMbr(disk.read(0, SECTOR)).partitions.find((partition) => partition.active);
  if (!active) return fail('NOT_BOOTABLE', 'no partition of the disk is active: nothing would boot from it');
  const partition = sliceSource(disk, active.start * SECTOR, active.sectors * SECTOR, `partition ${active.number}`);
  const config = openFat(partition).file(GRUB_CONFIG);
  return macsOf(config.read(0, Math.min(config.size, MAX_CONFIG_BYTES)).toString('utf8'));
}

/** The first of them. */
export function bootMac(disk: ByteSource): string {
  return bootMacs(disk)[0];
}

/** The values of `set mac1=…` and of the others that follow it without a gap in a GRUB configuration. */
export function macsOf(config: string): [first: string, ...others: string[]] {
  const first =
    macOf(config, 1) ??
    fail('GRUB_NO_MAC', `${GRUB_CONFIG} sets no mac1: the guest would use no network card`, {
      detail: config.slice(0, 2000),
      hint: 'make the configuration with grubConfig({ mac: … })',
    });
  const others: string[] = [];
  for (let mac = macOf(config, 2); mac !== undefined; mac = macOf(config, others.length + 2)) others.push(mac);
  return [first, ...others];
}

/** The value of the first such line. */
function macOf(config: string, number: number): string | undefined {
  const value = new RegExp(`^\\s*set\\s+mac${number}=["']?([0-9a-f:-]+)`, 'im').exec(config)?.[1] ?? '';
  const digits = value.replaceAll(/[:-]/g, '').toLowerCase();
  return digits.length === 12 ? digits.match(/../g)?.join(':') : undefined;
}
