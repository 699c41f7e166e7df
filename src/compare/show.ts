/** How the values of fields are shown: the way that the tools of each format print them. */

/** Shows the bytes of one field. */
export type Show = (bytes: Buffer) => string;

const MAX_TEXT = 60;

export const hex: Show = (bytes) => bytes.toString('hex').replace(/(..)(?!$)/g, '$1 ');

/** An unsigned number, little-endian, of up to 6 bytes; 8 bytes as a big one. */
export const number: Show = (bytes) =>
  String(bytes.length === 8 ? bytes.readBigUInt64LE(0) : bytes.readUIntLE(0, bytes.length));

export const numberBE: Show = (bytes) =>
  String(bytes.length === 8 ? bytes.readBigUInt64BE(0) : bytes.readUIntBE(0, bytes.length));

/** `0x1234abcd`. */
export const hexNumber: Show = (bytes) =>
  `0x${bytes
    .readUIntLE(0, bytes.length)
    .toString(16)
    .padStart(2 * bytes.length, '0')}`;

export const octal: Show = (bytes) => `0${bytes.readUIntLE(0, bytes.length).toString(8)}`;

/** Seconds since 1970, in the low 4 or 5 bytes. */
export const time: Show = (bytes) => formatTime(bytes.readUIntLE(0, Math.min(5, bytes.length)));

/** Text up to the first zero byte, quoted. */
export const text: Show = (bytes) => quote(bytes.toString('utf8').replace(/\0.*$/s, ''));

export const uuid: Show = (bytes) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The mixed-endian text of UEFI. */
export const guid: Show = (bytes) => {
  const swapped = Buffer.concat([
    Buffer.from(bytes.subarray(0, 4)).reverse(),
    Buffer.from(bytes.subarray(4, 6)).reverse(),
    Buffer.from(bytes.subarray(6, 8)).reverse(),
    bytes.subarray(8),
  ]);
  return uuid(swapped).toUpperCase();
};

/** `2020-01-01T00:00:00Z`. */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s` : date.toISOString().replace('.000Z', 'Z');
}

/** Text of a file, on one line and of bounded length. */
export function quote(value: string): string {
  const quoted = JSON.stringify(value).replace(
    /\p{Cc}/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return quoted.length <= MAX_TEXT ? quoted : `${quoted.slice(0, MAX_TEXT)}…`;
}

/** The name of a file or member, safe to print. */
export function printableName(name: string): string {
  return name.replace(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
