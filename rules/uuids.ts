/** UUIDs as the tools of Linux write them. One of zeros is none. */

/** Of an array, as mdadm shows it: `6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b`. */
export function isArrayUuid(text: string): boolean {
  return /^[0-9a-f]{8}(:[0-9a-f]{8}){3}$/i.test(text) && !isZero(text);
}

/** Of a file system, as blkid shows it: `6e0c9f0a-7b1d-4c5e-9a8b-7c6d5e4f3a2b`. */
export function isFileSystemUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) && !isZero(text);
}

/** The first that is there more than once, in small letters or capitals. */
export function repeatedUuid(uuids: readonly string[]): string | undefined {
  const lower = uuids.map((uuid) => uuid.toLowerCase());
  return lower.find((uuid, index) => lower.indexOf(uuid) < index);
}

function isZero(text: string): boolean {
  return /^[0:-]*$/.test(text);
}
