/** What a FAT says that it is. */
import { Failure } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';
import { openFat } from './reader.ts';
import type { FatType } from './volume.ts';

/** As libblkid gives it. */
export interface FatIdentity {
  readonly type: `fat${FatType}`;
  /** The serial number, `1234-ABCD`; old formatters gave none. */
  readonly uuid?: string;
  readonly label?: string;
}

/** Where the extended part of the boot sector begins, after its BIOS drive. */
const EXTENDED = { 12: 38, 16: 38, 32: 66 } as const;
/** That a serial number follows; with 29 a label as well. */
const SIGNATURES: ReadonlySet<number> = new Set([0x28, 0x29]);

/** Fails with `FAT_DAMAGED` where the boot sector describes no file system that can be. */
export function identifyFat(source: ByteSource): FatIdentity {
  const volume = openFat(source);
  const at = EXTENDED[volume.type];
  const extended = source.read(at, 5);
  const hasSerial = volume.type === 32 || SIGNATURES.has(extended.readUInt8(0));
  const label = readableLabel(() => volume.label());
  return {
    type: `fat${volume.type}`,
    ...(hasSerial ? { uuid: serialText(extended.readUInt32LE(1)) } : {}),
    ...(label === undefined || label === '' ? {} : { label }),
  };
}

/** The root folder may be damaged, and the rest worth knowing. */
function readableLabel(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function serialText(serial: number): string {
  return serial
    .toString(16)
    .toUpperCase()
    .padStart(8, '0')
    .replace(/(.{4})$/, '-$1');
}
