/**
 * Who works with the store right now: a file for each process, so that garbage collection knows whose needs to spare,
 * and so that builds know of a collection. Each side first says that it is there and then looks for the other: however
 * they meet, at least one sees the other.
 */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { livenessOf, processToken } from './processes.ts';

export type Role = 'build' | 'collection';

/** Somebody who is there. */
export interface Present {
  readonly role: Role;
  /** When they came, in ms since the epoch. */
  readonly since: number;
}

const HEARTBEAT_MS = 60_000;
/** A process of another container or machine counts as gone when it was silent for this long. */
const SILENT_MS = 10 * HEARTBEAT_MS;

let entered = 0;

export class Presence {
  readonly #folder: string;

  constructor(root: string) {
    this.#folder = join(root, 'present.v1');
  }

  /** Says that this process is there, until it is disposed of or the process ends. */
  enter(role: Role): Disposable {
    const path = join(this.#folder, `${processToken()}-${entered++}-${Date.now()}.${role}`);
    attempt(() => {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(path, '');
    });
    const heartbeat = setInterval(() => attempt(() => utimesSync(path, new Date(), new Date())), HEARTBEAT_MS).unref();
    return {
      [Symbol.dispose]: () => {
        clearInterval(heartbeat);
        attempt(() => rmSync(path, { force: true }));
      },
    };
  }

  /** Everybody who is there. Forgets those who are gone. */
  all(): Present[] {
    return this.#present(this.#names());
  }

  /** Everybody but this process. */
  others(): Present[] {
    return this.#present(this.#names().filter((name) => !name.startsWith(`${processToken()}-`)));
  }

  #present(names: readonly string[]): Present[] {
    return names.flatMap((name) => {
      const [, since, role] = /-(\d+)\.(build|collection)$/.exec(name) ?? [];
      if (since !== undefined && this.#isThere(name)) return [{ role: role as Role, since: Number(since) }];
      attempt(() => rmSync(join(this.#folder, name), { force: true }));
      return [];
    });
  }

  #isThere(name: string): boolean {
    const liveness = livenessOf(name);
    if (liveness !== 'unknown') return liveness === 'alive';
    const stats = statSync(join(this.#folder, name), { throwIfNoEntry: false });
    return stats !== undefined && Date.now() - stats.mtimeMs < SILENT_MS;
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }
}

/** A store that is full or read-only can still be read and cleaned: there is nothing to spare in it that is new. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // See above.
  }
}
