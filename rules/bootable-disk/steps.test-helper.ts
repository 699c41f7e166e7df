/** For tests: runs steps on the host, and makes what they need. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { editDisk, SECTOR, withMbr } from 'dsmb/disk';
import type { Step, StepSpec } from 'dsmb/step';
import { runStepHere } from 'dsmb/testing';
import { BOOT_FILES } from '../boot-image/boot-files.ts';
import { SWAP_PARTITION, SYSTEM_PARTITION } from './layout.ts';

/** A folder for one test. */
export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'dsmb-steps-'));

  at(name: string): string {
    return join(this.path, name);
  }

  /** Runs a step; a failure is thrown. */
  async run<Spec extends StepSpec>(
    step: Step<Spec>,
    args: Spec['args'],
    inputs: Record<Spec['inputs'], string>,
    outputs: Record<Spec['outputs'], string>,
  ): Promise<void> {
    await runStepHere(step, { args, inputs, outputs, scratch: this.path });
  }

  /** The files of a loader, in their places; all of them are text. */
  loaderFiles(name: string, config: string): string {
    for (const path of BOOT_FILES) {
      const file = join(this.at(name), path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, path.endsWith('grub.cfg') ? config : `content of ${path}\n`.repeat(100_000));
    }
    return this.at(name);
  }

  /** A disk as the installer leaves it: two partitions, and some bytes in each. */
  installedDisk(name: string, size: number): string {
    const disk = editDisk({ to: this.at(name), size });
    const partitions = [
      { number: 1 as const, active: false, ...SYSTEM_PARTITION },
      { number: 2 as const, active: false, ...SWAP_PARTITION },
    ];
    disk.write(0, withMbr(Buffer.alloc(SECTOR, 0x90), { diskId: 0x1234_5678, partitions }));
    for (const { start } of partitions) disk.write(start * SECTOR, Buffer.from('some data'));
    disk.finish();
    return this.at(name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
