/** Digests as the protocol's messages hold them. */
import { digest, type Digest } from '../../src/model/digest.ts';
import { EMPTY } from '../cas.ts';

interface WireDigest {
  readonly hash: string;
  readonly sizeBytes: bigint;
}

export function onWire({ hash, size }: Digest): WireDigest {
  return { hash, sizeBytes: BigInt(size) };
}

/** From the server's words; undefined for what is none. Throws a `TypeError` for what is no digest. */
export function fromWire(of: WireDigest | undefined): Digest | undefined {
  if (!of) return undefined;
  const found = digest(of.hash, Number(of.sizeBytes));
  if (found.size === 0 && found.hash !== EMPTY.hash) throw new TypeError(`not a digest: ${found.hash}/0`);
  return found;
}
