/** Reads the records of one step: those that count, and no more of them than anybody can look at. */
import { RecordSplitter } from './record-splitter.ts';
import { parseRecord, type StepRecord } from './step-record.ts';

/** Progress that comes faster is left out, but for the last of each such time. */
const PROGRESS_MS = 50;
/** What machines show beyond this many records a second is left out. */
const MOST_SHOWN_A_SECOND = 20;
/** What more machines of one step show is left out. */
const MOST_MACHINES = 8;

export class StepRecords {
  readonly #splitter: RecordSplitter;
  readonly #onRecord: (record: StepRecord) => void;
  /** Kinds of which one is all there can be. */
  readonly #told = new Set<StepRecord['type']>();
  #held: StepRecord | undefined;
  #timer: NodeJS.Timeout | undefined;
  #shown = { since: 0, records: 0 };

  /** Hands on what the step logs, and its records. */
  constructor(onLog: (bytes: Buffer) => void, onRecord: (record: StepRecord) => void) {
    this.#splitter = new RecordSplitter(onLog, (text) => this.#take(parseRecord(text)));
    this.#onRecord = onRecord;
  }

  write(chunk: Buffer): void {
    this.#splitter.write(chunk);
  }

  /** Nothing more comes. */
  end(): void {
    this.#splitter.end();
    clearTimeout(this.#timer);
    this.#tellHeld();
  }

  #take(record: StepRecord | undefined): boolean {
    if (record?.type === 'progress') this.#progress(record);
    else if (record?.type === 'machine') this.#machine(record);
    else if (record && !this.#told.has(record.type)) {
      this.#told.add(record.type);
      this.#onRecord(record);
    }
    return record !== undefined;
  }

  #machine(record: StepRecord & { readonly type: 'machine' }): void {
    if (record.machine > MOST_MACHINES) return;
    const now = performance.now();
    if (now - this.#shown.since > 1000) this.#shown = { since: now, records: 0 };
    if (this.#shown.records++ < MOST_SHOWN_A_SECOND) this.#onRecord(record);
  }

  #progress(record: StepRecord): void {
    this.#held = record;
    if (this.#timer) return;
    this.#tellHeld();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tellHeld();
    }, PROGRESS_MS).unref();
  }

  #tellHeld(): void {
    if (this.#held) this.#onRecord(this.#held);
    this.#held = undefined;
  }
}
