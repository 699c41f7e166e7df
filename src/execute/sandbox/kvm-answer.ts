/** Whether KVM ran a guest when it was last asked: kept in the store, for one machine and one QEMU. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeUnlessReadOnly } from '../../../cache/files.ts';

const FILE = 'kvm.v2.json';

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
