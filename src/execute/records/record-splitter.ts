/**
 * Takes the records that a step means for the engine out of its standard error. Whatever is not a record is log, as it was:
 * a mark in the middle of something else hides nothing.
 */

const RECORD_MARK = 0x1e;
const NEWLINE = 0x0a;
/** What is longer is not a record. */
export const MAX_RECORD_BYTES = 256 * 1024;

export class RecordSplitter {
  readonly #onLog: (bytes: Buffer) => void;
  readonly #onRecord: (text: string) => boolean;
  /** A record that has begun, in the pieces in which it came. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  /** Of what was written last, not handed on yet. */
  #log: Buffer[] = [];

  /** `onRecord` tells whether it was one: if not, it is log. */
  constructor(onLog: (bytes: Buffer) => void, onRecord: (text: string) => boolean) {
    this.#onLog = onLog;
    this.#onRecord = onRecord;
  }

  write(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) rest = this.#begunBytes > 0 ? this.#goOn(rest) : this.#upToMark(rest);
    this.#handOn();
  }

  /** Nothing more comes: a record that was not finished is log. */
  end(): void {
    this.#giveUp();
    this.#handOn();
  }

  /** Log up to a mark, which begins a record; gives what follows. */
  #upToMark(bytes: Buffer): Buffer {
    const mark = bytes.indexOf(RECORD_MARK);
    const end = mark < 0 ? bytes.length : mark;
    this.#log.push(bytes.subarray(0, end));
    if (mark >= 0) this.#keep(bytes.subarray(mark, mark + 1));
    return bytes.subarray(end + 1);
  }

  /** Up to the end of the line; gives what follows. */
  #goOn(bytes: Buffer): Buffer {
    const end = bytes.indexOf(NEWLINE) + 1;
    const own = end > 0 ? bytes.subarray(0, end) : bytes;
    this.#keep(own);
    if (end > 0) this.#finish();
    else if (this.#begunBytes > MAX_RECORD_BYTES) this.#giveUp();
    return bytes.subarray(own.length);
  }

  #keep(bytes: Buffer): void {
    this.#begun.push(bytes);
    this.#begunBytes += bytes.length;
  }

  /** The last mark of a line counts: what stands before it was not finished. */
  #finish(): void {
    const line = Buffer.concat(this.#begun);
    const mark = line.lastIndexOf(RECORD_MARK);
    if (line.length > MAX_RECORD_BYTES || !this.#onRecord(line.subarray(mark + 1, -1).toString()))
      return this.#giveUp();
    this.#begun = [line.subarray(0, mark)];
    this.#giveUp();
  }

  #giveUp(): void {
    this.#log.push(...this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
  }

  /** In one piece, however many there were. */
  #handOn(): void {
    const log = this.#log.length === 1 ? this.#log[0]! : Buffer.concat(this.#log);
    this.#log = [];
    if (log.length > 0) this.#onLog(log);
  }
}
