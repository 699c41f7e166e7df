/**
 * The devices that root gives its sandboxes. Root owns those of the machine, and an owner may change a mode without any
 * capability: an action could take /dev/null from everybody. So it gets copies that belong to nobody; other users' actions
 * see the machine's own as nobody's, and get these.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../../cache/files.ts';
import type { Store } from '../../../cache/store.ts';

/** Those that bubblewrap's `--dev` has, and that of KVM. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kvm'];
const NOBODY = 65_534;
const FOR_EVERYBODY = 0o666;

/** Where the copies lie, by name; none where the user is not root, or may make no devices (a container). */
export function ownDevices(store: Store): ReadonlyMap<string, string> {
  if (process.getuid?.() !== 0) return new Map();
  const folder = join(store.root, 'devices.v1');
  const names = DEVICES.filter((name) => existsSync(join('/dev', name)));
  const isThere = (): boolean => names.every((name) => isCopy(join(folder, name), join('/dev', name)));
  if (!isThere() && !copyDevices(store, names, folder)) return new Map();
  return isThere() ? new Map(names.map((name) => [name, join(folder, name)])) : new Map();
}

function isCopy(path: string, device: string): boolean {
  const copy = lstatSync(path, { throwIfNoEntry: false });
  return (
    copy?.isCharacterDevice() === true &&
    copy.rdev === lstatSync(device).rdev &&
    copy.uid === NOBODY &&
    (copy.mode & 0o7777) === FOR_EVERYBODY
  );
}

/** Node makes no devices. False where nobody may, or where the file system of the store has no use for them. */
function copyDevices(store: Store, names: readonly string[], folder: string): boolean {
  const incoming = store.cas.incoming();
  try {
    mkdirSync(incoming, { mode: 0o700 });
    const paths = names.map((name) => join('/dev', name));
    execFileSync('/usr/bin/cp', ['--archive', ...paths, incoming], { stdio: 'ignore' });
    for (const name of names) {
      chmodSync(join(incoming, name), FOR_EVERYBODY);
      chownSync(join(incoming, name), NOBODY, NOBODY);
    }
    closeSync(openSync(join(incoming, 'null'), 'w'));
    removeTree(folder);
    renameSync(incoming, folder);
    return true;
  } catch {
    removeTree(incoming);
    return false;
  }
}
