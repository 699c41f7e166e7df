/** What the script for data disks is told: how many other disks there are, or the UUIDs of their volumes. */
import { fail } from 'dsmb';
import { isArrayUuid, isFileSystemUuid } from '../uuids.ts';

/** DSM 6 counts its disks by the bits of a number. */
const MOST_DISKS = 26;

/** The text of `etc/dsmb-data.conf`, which a shell reads. */
export function dataSettings(dataDisks: number | readonly string[]): string {
  if (typeof dataDisks === 'number')
    return dataDisks >= 1 && dataDisks < MOST_DISKS
      ? `DISKS=${dataDisks}\n`
      : bad(`${dataDisks} is not 1 to ${MOST_DISKS - 1}`);
  const uuids = dataDisks.map((uuid) => uuid.toLowerCase());
  for (const uuid of uuids)
    if (!isArrayUuid(uuid) && !isFileSystemUuid(uuid))
      bad(
        `'${uuid}' is no UUID`,
        "give that of an array as in '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b', that of a file system as in " +
          "'6e0c9f0a-7b1d-4c5e-9a8b-7c6d5e4f3a2b'",
      );
  if (new Set(uuids).size < uuids.length) bad('a UUID stands there twice');
  if (uuids.length === 0) bad('the list is empty');
  return `VOLUMES='${uuids.join(' ')}'\n`;
}

function bad(message: string, hint?: string): never {
  return fail('BAD_ATTRIBUTE', `dataDisks: ${message}`, { attribute: 'dataDisks', ...(hint ? { hint } : {}) });
}
