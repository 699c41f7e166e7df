/** A look at the machine before the first package is fetched: what would fail after that is said now. */
import type { Store } from '../../../cache/store.ts';
import { fail } from '../../model/diagnostic.ts';
import { failWithoutNamespaces, namespacesRefused } from './namespaces.ts';
import { formatMiB, freeMiB } from '../schedule/wanted.ts';

/** A package takes about as much unpacked as packed three times, and is kept as it is. */
const UNPACKED = 4;
const MIB = 2 ** 20;

/** Fails where the machine makes no namespaces, or has no room for packages of so many bytes. */
export async function preflight(store: Store, bytes: number, unsandboxed: boolean): Promise<void> {
  requireRoom(store, bytes * UNPACKED);
  if (unsandboxed) return;
  const refused = await namespacesRefused();
  if (refused) failWithoutNamespaces(refused);
}

function requireRoom(store: Store, bytes: number): void {
  const wanted = bytes / MIB;
  const free = freeMiB(store.root);
  if (free >= wanted) return;
  fail(
    'DISK_FULL',
    `not enough space for packages: ${formatMiB(wanted)} are to be fetched, and ${store.root} has ${formatMiB(free)} free`,
    {
      hint: 'free some space (dsmb info says what the store takes, dsmb gc frees it), or set DSMB_STORE to a folder on a larger disk',
    },
  );
}
