/** Reads the wire format of Protocol Buffers by hand: a second opinion on what the generated code writes. */

/** The fields of a message in the order in which they were written. */
export type Field = readonly [number: number, value: bigint | Buffer];

const VARINT = 0;
const BYTES = 2;

export function readFields(bytes: Uint8Array): Field[] {
  const buffer = Buffer.from(bytes);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < buffer.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (wire === VARINT) fields.push([number, varint()]);
    else if (wire === BYTES) {
      const length = Number(varint());
      fields.push([number, buffer.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`unexpected wire type ${wire}`);
  }
  return fields;
}

/** All values of a field that are messages, texts or bytes. */
export function blobs(bytes: Uint8Array, number: number): Buffer[] {
  return readFields(bytes).flatMap(([own, value]) => (own === number && typeof value !== 'bigint' ? [value] : []));
}

/** All values of a field that are texts. */
export function texts(bytes: Uint8Array, number: number): string[] {
  return blobs(bytes, number).map(String);
}

/** The values of a field that are numbers. */
export function numbers(bytes: Uint8Array, number: number): number[] {
  return readFields(bytes).flatMap(([own, value]) =>
    own === number && typeof value === 'bigint' ? [Number(value)] : [],
  );
}
