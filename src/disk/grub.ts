/**
 * GRUB 2 for BIOS, written by hand as grub-bios-setup would: boot.img into sector 0, core.img into the sectors behind
 * it. Offsets are from GRUB's `include/grub/i386/pc/boot.h` and `kernel.h`.
 */
import { fail } from '../model/diagnostic.ts';
import { BOOT_CODE_SIZE, SECTOR } from './mbr.ts';

const BOOT = { kernelSector: 0x5c, bootDrive: 0x64, driveCheck: 0x66 };
/** The last block list of core.img's first sector: where its other sectors are. */
const CORE = { firstSector: 0x1f4, sectorCount: 0x1fc, segment: 0x1fe };
const NOP = 0x90;
const LOAD_SEGMENT = 0x820;

/** What is written to a disk. */
export interface GrubSectors {
  /** Sector 0: GRUB's code, with the disk's id and table. */
  readonly boot: Buffer;
  /** From sector 1 on; a whole number of sectors. */
  readonly core: Buffer;
}

/** What GRUB is made from. */
export interface GrubParts {
  /** Sector 0 as it is: its disk id and table stay. */
  readonly sector0: Uint8Array;
  readonly bootImg: Uint8Array;
  /** Made by grub-mkimage for i386-pc. */
  readonly coreImg: Uint8Array;
  /** First sector of the first partition: core.img must end before it. */
  readonly firstPartition: number;
}

/** Patches boot.img and core.img for their places. Fails with `GRUB_TOO_LARGE` if the gap is too small. */
export function grubSectors({ sector0, bootImg, coreImg, firstPartition }: GrubParts): GrubSectors {
  const sectors = Math.ceil(coreImg.length / SECTOR);
  const gap = firstPartition - 1;
  if (bootImg.length !== SECTOR) fail('GRUB_IMAGE', `boot.img has ${bootImg.length} bytes instead of ${SECTOR}`);
  if (sectors < 2) fail('GRUB_IMAGE', `core.img has only ${coreImg.length} bytes`);
  if (sectors > gap)
    fail('GRUB_TOO_LARGE', `GRUB's core.img does not fit before the first partition`, {
      detail: `core.img: ${coreImg.length} bytes, ${sectors} sectors; free: ${gap} sectors`,
      hint: 'use fewer modules, or start the first partition at sector 2048',
    });
  return { boot: patchBoot(sector0, bootImg), core: patchCore(coreImg, sectors) };
}

function patchBoot(sector0: Uint8Array, bootImg: Uint8Array): Buffer {
  const boot = Buffer.from(sector0.subarray(0, SECTOR));
  boot.set(bootImg.subarray(0, BOOT_CODE_SIZE));
  boot.writeBigUInt64LE(1n, BOOT.kernelSector);
  boot.writeUInt8(0xff, BOOT.bootDrive); // the drive that the BIOS booted from
  boot.fill(NOP, BOOT.driveCheck, BOOT.driveCheck + 2); // trust the BIOS' drive number
  boot.writeUInt16LE(0xaa55, SECTOR - 2);
  return boot;
}

function patchCore(coreImg: Uint8Array, sectors: number): Buffer {
  const core = Buffer.alloc(sectors * SECTOR);
  core.set(coreImg);
  core.writeBigUInt64LE(2n, CORE.firstSector);
  core.writeUInt16LE(sectors - 1, CORE.sectorCount);
  core.writeUInt16LE(LOAD_SEGMENT, CORE.segment);
  return core;
}
