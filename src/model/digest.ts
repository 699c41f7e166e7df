/** Content identity: the hash and the size of a blob, as the Remote Execution API defines it. */

declare const digestBrand: unique symbol;

/** SHA-256 of a blob (lower-case hex) and its size in bytes. Made only by `digest()`. */
export interface Digest {
  readonly [digestBrand]: true;
  readonly hash: string;
  readonly size: number;
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Makes a digest. Throws a TypeError for anything that is not 64 hex digits and a byte count. */
export function digest(hash: string, size: number): Digest {
  if (!SHA256_HEX.test(hash) || !Number.isSafeInteger(size) || size < 0)
    throw new TypeError(`not a digest: ${hash}/${size}`);
  return { hash, size } as Digest;
}

/** `hash/size`, the form that resource names, logs and reports use. */
export function formatDigest(of: Digest): string {
  return `${of.hash}/${of.size}`;
}

/** Reads what `formatDigest` wrote. */
export function parseDigest(text: string): Digest {
  const [hash = '', size = ''] = text.split('/');
  return digest(hash, Number(size));
}
