/** Takes the records that a step means for the engine out of its standard error. */

const RECORD_MARK = 0x1e;
const NEWLINE = 0x0a;
const MAX_RECORD_BYTES = 1024 * 1024;

/** Splits standard error into log bytes and the records that a step means for the engine. */
export function recordSplitter(
  onLog: (bytes: Buffer) => void,
  onRecord: (text: string) => void,
): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const mark = bytes.indexOf(RECORD_MARK);
      if (mark < 0) {
        onLog(bytes);
        rest = Buffer.alloc(0);
        return;
      }
      if (mark > 0) onLog(bytes.subarray(0, mark));
      const end = bytes.indexOf(NEWLINE, mark);
      if (end < 0) {
        rest = Buffer.from(bytes.subarray(mark, mark + MAX_RECORD_BYTES));
        return;
      }
      onRecord(bytes.subarray(mark + 1, end).toString());
      bytes = bytes.subarray(end + 1);
    }
  };
}
