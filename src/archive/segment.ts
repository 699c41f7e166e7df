/** Compressed segments: what an archive holds of a block, made apart from all others by a codec. */

/** A run of bytes, compressed on its own. */
export interface Segment {
  /** Bytes before compression. */
  readonly rawLength: number;
  /** A number that the format's frame needs beside the bytes (u32): see the codec. */
  readonly note: number;
  /** Bytes of each part, in order; one part unless the codec cuts blocks into clusters. */
  readonly parts: readonly number[];
  readonly bytes: Uint8Array;
}

/** A way of compressing blocks. The same content always gives the same segment. */
export interface Codec {
  /** All that changes the bytes of a segment besides its content; safe in a file's name. */
  readonly name: string;
  /** Compresses a block. The result may not share memory with it. */
  readonly encode: (content: Uint8Array) => Promise<Segment>;
}

/** A name for a library's version, safe in a file's name. */
export function versionName(version: string | undefined): string {
  return (version ?? '').replaceAll(/[^\w.]/g, '_');
}

/** A segment of one part. */
export function whole(content: Uint8Array, bytes: Uint8Array, note = 0): Segment {
  return { rawLength: content.length, note, parts: [bytes.length], bytes };
}
