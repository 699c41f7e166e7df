/** What `dataDisks` may be: how many other disks there are, or the UUIDs of their volumes. */
import { fail } from 'dsmb';
import { isArrayUuid, isFileSystemUuid, repeatedUuid } from '../uuids.ts';

/** DSM 6 counts its disks by the bits of a number. */
const MOST_DISKS = 26;

/** UUIDs in small letters. */
export function checkedDataDisks(dataDisks: number | readonly string[]): number | readonly string[] {
  if (typeof dataDisks === 'number')
    return dataDisks >= 1 && dataDisks < MOST_DISKS ? dataDisks : bad(`${dataDisks} is not 1 to ${MOST_DISKS - 1}`);
  for (const uuid of dataDisks)
    if (!isArrayUuid(uuid) && !isFileSystemUuid(uuid))
      bad(
        `'${uuid}' is no UUID`,
        "give that of an array as in '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b', that of a file system as in " +
          "'6e0c9f0a-7b1d-4c5e-9a8b-7c6d5e4f3a2b'",
      );
  const repeated = repeatedUuid(dataDisks);
  if (repeated !== undefined) bad(`'${repeated}' is in the list twice`);
  if (dataDisks.length === 0) bad('the list is empty');
  return dataDisks.map((uuid) => uuid.toLowerCase());
}

function bad(message: string, hint?: string): never {
  return fail('BAD_ATTRIBUTE', `dataDisks: ${message}`, { attribute: 'dataDisks', ...(hint ? { hint } : {}) });
}
