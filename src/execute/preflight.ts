/** A look at the machine before the first package is fetched: what would fail after that is said now. */
import { statfsSync } from 'node:fs';
import type { Store } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { namespaceRemedy, namespacesRefused } from './namespaces.ts';

/** A package takes about as much unpacked as packed three times, and is kept as it is. */
const UNPACKED = 4;
const MIB = 2 ** 20;

/** Fails where the machine makes no namespaces, or has no room for packages of so many bytes. */
export async function preflight(store: Store, bytes: number, unsandboxed: boolean): Promise<void> {
  requireRoom(store, bytes * UNPACKED);
  if (unsandboxed) return;
  const refused = await namespacesRefused();
  if (refused)
    fail('NO_SANDBOX', 'this machine lets the user make no namespaces, so actions cannot be kept apart from it', {
      detail: refused,
      hint: namespaceRemedy(),
    });
}

function requireRoom(store: Store, bytes: number): void {
  const { bavail, bsize } = statfsSync(store.root);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const [wanted, there] = [bytes, free].map((one) => Math.ceil(one / MIB));
  fail('DISK_FULL', `the packages to fetch take ${wanted} MiB, and ${store.root} has ${there} MiB free`, {
    hint: 'dsmb gc --max-size 10GiB frees space; DSMB_STORE names a folder on a larger disk',
  });
}
