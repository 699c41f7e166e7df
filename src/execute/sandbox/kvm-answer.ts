/** Whether KVM ran a guest when it was last asked: kept in the store, for one machine and one QEMU. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeUnlessReadOnly } from '../../../cache/files.ts';

const FILE = 'kvm.v2.json';
const DEVICE = '/dev/kvm';

export interface KvmAnswer {
  /** What was asked: another QEMU, kernel or processor may answer otherwise. */
  readonly identity: string;
  readonly works: boolean;
}

/** Undefined where it was never asked. `root` is the store's. */
export function readKvmAnswer(root: string): KvmAnswer | undefined {
  try {
    return JSON.parse(readFileSync(join(root, FILE), 'utf8')) as KvmAnswer;
  } catch {
    return undefined;
  }
}

export function writeKvmAnswer(root: string, answer: KvmAnswer): void {
  writeUnlessReadOnly(join(root, FILE), JSON.stringify(answer));
}

/** Why this user has no KVM, whatever it was found to do: it may be there, or be allowed, the next time. */
export function kvmRefused(device = DEVICE): string | undefined {
  if (!existsSync(device)) return `there is no ${device}`;
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return `this user may not open ${device}`;
  }
}
