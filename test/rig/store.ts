/** A store for tests that is open to inspection. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestStore as EmptyStore } from '../../src/testing/store.ts';
import { addToolPackages, copyPreparedStore } from './prepared.ts';

/** Nothing at all; the packages of the rig's rules; these, with no file shared; these and the tests' tools, QEMU among them. */
type Content = 'empty' | 'prepared' | 'apart' | 'with tools';

export class TestStore extends EmptyStore {
  /** Nothing was built in it. A store with tools shares their files with others: no test damages what it did not build. */
  constructor(content: Content = 'prepared') {
    super();
    if (content !== 'empty') copyPreparedStore(this.folder, content === 'apart');
    if (content === 'with tools') addToolPackages(this.folder);
  }

  /** Names in a folder of the store. */
  names(folder: string): string[] {
    try {
      return readdirSync(join(this.folder, folder));
    } catch {
      return [];
    }
  }

  /** Where a blob lies. */
  blob(hash: string): string {
    return join(this.folder, 'cas.v1', hash.slice(0, 2), hash);
  }

  /** How often a counting command (`counting.ts`) of the given name has run in this store. */
  runs(name: string): number {
    const counts = this.names('memo.v1').map((step) => readIfThere(join(this.folder, 'memo.v1', step, 'runs')));
    return counts.flatMap((text) => text.split('\n')).filter((line) => line === name).length;
  }

  /** Processes that have to do with this store: the builder, its helper, sandboxes and what runs in them. */
  processes(): string[] {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .filter((pid) => ['cmdline', 'environ', 'mountinfo'].some((file) => this.#mentioned(`/proc/${pid}/${file}`)))
      .map((pid) => `${pid} ${readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  }

  /** Waits until no process has to do with this store; gives those that are left after the deadline. */
  async processesLeft(deadlineMs = 5000): Promise<string[]> {
    const end = Date.now() + deadlineMs;
    let left = this.processes();
    while (left.length > 0 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      left = this.processes();
    }
    return left;
  }

  #mentioned(file: string): boolean {
    return readIfThere(file).includes(this.folder);
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
