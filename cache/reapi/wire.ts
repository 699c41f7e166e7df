/**
 * The wire format of Protocol Buffers, as far as identities need it: numbers from 0, texts, bytes and messages. Keys are
 * made by the thousand and each command makes some: it costs no more than copying, and nothing to load.
 *
 * Format: https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const I64 = 1;
const BYTES = 2;
const I32 = 5;
/** A tag holds the field's number above its type. */
const TYPE_BITS = 3;
/** Room for a varint of 64 bits. */
const MAX_VARINT = 10;

/** Writes one message. What is the default is left out, but for elements of a list. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  /** A whole number from 0 that a double holds. */
  number(field: number, value: number): void {
    if (value === 0) return;
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  flag(field: number, value: boolean): void {
    this.number(field, value ? 1 : 0);
  }

  text(field: number, value: string): void {
    if (value !== '') this.element(field, value);
  }

  /** A text of a list. */
  element(field: number, value: string): void {
    this.#tag(field, BYTES);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length, length);
  }

  /** A message that is encoded already. */
  encoded(field: number, message: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#varint(message.length);
    this.#reserve(message.length);
    this.#bytes.set(message, this.#length);
    this.#length += message.length;
  }

  message(field: number, write: (message: this) => void): void {
    this.#tag(field, BYTES);
    this.#reserve(1);
    const start = ++this.#length;
    write(this);
    this.#setLength(start, this.#length - start);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The length stands before the message: one byte was left for it, and most take no more. */
  #setLength(start: number, length: number): void {
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = Math.floor(Math.log2(length) / 7);
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#length);
    this.#length = start - 1;
    this.#varint(length);
    this.#length += length;
  }

  #tag(field: number, type: number): void {
    this.#varint((field << TYPE_BITS) | type);
  }

  #varint(value: number): void {
    this.#reserve(MAX_VARINT);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** The fields of a message by number. Of one that is written twice, the last counts. */
export class MessageReader {
  readonly #numbers = new Map<number, number>();
  readonly #bytes = new Map<number, Buffer[]>();

  /** Fails with a RangeError where the bytes are not a message. */
  constructor(bytes: Uint8Array) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < buffer.length;) at = this.#field(buffer, at);
  }

  number(field: number): number {
    return this.#numbers.get(field) ?? 0;
  }

  flag(field: number): boolean {
    return this.number(field) !== 0;
  }

  text(field: number): string {
    return this.#bytes.get(field)?.at(-1)?.toString() ?? '';
  }

  message(field: number): MessageReader | undefined {
    const bytes = this.#bytes.get(field)?.at(-1);
    return bytes && new MessageReader(bytes);
  }

  messages(field: number): MessageReader[] {
    return this.encoded(field).map((bytes) => new MessageReader(bytes));
  }

  /** Messages as they were written. */
  encoded(field: number): readonly Buffer[] {
    return this.#bytes.get(field) ?? [];
  }

  /** Gives where the next field begins. */
  #field(buffer: Buffer, start: number): number {
    const [tag, at] = varint(buffer, start);
    const field = Math.floor(tag / 2 ** TYPE_BITS);
    switch (tag % 2 ** TYPE_BITS) {
      case VARINT: {
        const [value, end] = varint(buffer, at);
        this.#numbers.set(field, value);
        return end;
      }
      case BYTES: {
        const [length, from] = varint(buffer, at);
        const known = this.#bytes.get(field);
        const bytes = buffer.subarray(from, within(buffer, from + length));
        if (known) known.push(bytes);
        else this.#bytes.set(field, [bytes]);
        return from + length;
      }
      case I64:
        return within(buffer, at + 8);
      case I32:
        return within(buffer, at + 4);
      default:
        throw new RangeError('not a message');
    }
  }
}

function varint(buffer: Buffer, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, unit = 1; at < start + MAX_VARINT; at++, unit *= 0x80) {
    const byte = buffer[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return [value, at + 1];
  }
  throw new RangeError('a number in a message is cut off');
}

function within({ length }: Buffer, end: number): number {
  if (end > length) throw new RangeError('a message is cut off');
  return end;
}
