/** What programs look up on the network with: files of the machine, in a sandbox that has its network. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['resolv.conf', 'hosts'];
const CERTIFICATES = 'ssl/certs';

/**
 * Arguments for bubblewrap, behind those that mount the root. The root is read-only and shared, so nothing is added to it:
 * an `/etc` in memory has its entries and the machine's beside them.
 */
export function networkFiles(root: string): string[] {
  const etc = join(root, 'etc');
  if (!existsSync(etc)) return [];
  const entries = readdirSync(etc, { withFileTypes: true }).filter(({ name }) => !FILES.includes(name));
  // bubblewrap makes what it mounts on, but not in a folder that is read-only.
  const canHoldCertificates = !existsSync(join(etc, 'ssl')) || existsSync(join(etc, CERTIFICATES));
  const machine = [...FILES, ...(canHoldCertificates ? [CERTIFICATES] : [])].map((name) => `/etc/${name}`);
  return [
    ...['--tmpfs', '/etc'],
    ...entries.flatMap((entry) => {
      const path = join(etc, entry.name);
      return entry.isSymbolicLink()
        ? ['--symlink', readlinkSync(path), `/etc/${entry.name}`]
        : ['--ro-bind', path, `/etc/${entry.name}`];
    }),
    ...machine.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--remount-ro', '/etc'],
  ];
}
