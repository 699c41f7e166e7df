/** Records are taken out of what a process writes, and nothing else is. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_RECORD_BYTES, RecordSplitter } from './record-splitter.ts';

const MARK = '\u001e';

/** What becomes of chunks; a text that begins with `r` is a record. */
function split(...chunks: readonly string[]): { log: string; records: string[] } {
  const log: string[] = [];
  const records: string[] = [];
  const splitter = new RecordSplitter(
    (bytes) => log.push(bytes.toString('latin1')),
    (text) => text.startsWith('r') && records.push(text) > 0,
  );
  for (const chunk of chunks) splitter.write(Buffer.from(chunk, 'latin1'));
  splitter.end();
  return { log: log.join(''), records };
}

it.each<[string, string, string, string[]]>([
  ['a record between lines', `a\n${MARK}r1\nb\n`, 'a\nb\n', ['r1']],
  ['one behind the beginning of a line', `a${MARK}r1\nb`, 'ab', ['r1']],
  ['a mark that begins no record', `a${MARK}x\nb\n`, `a${MARK}x\nb\n`, []],
  ['one that is not finished', `a\n${MARK}r1`, `a\n${MARK}r1`, []],
  ['a mark before a record', `${MARK}a${MARK}r1\nb`, `${MARK}ab`, ['r1']],
])('%s', (_what, text, log, records) => {
  expect(split(text)).toEqual({ log, records });
});

it('what is too long for a record is log, and hides nothing behind it', () => {
  const long = `${MARK}r${'x'.repeat(MAX_RECORD_BYTES)}`;
  expect(split(long, 'more\n', `${MARK}r1\n`, 'end')).toEqual({ log: `${long}more\nend`, records: ['r1'] });
  expect(split(`${long}\n`)).toEqual({ log: `${long}\n`, records: [] });
});

it('the same whatever pieces it comes in, and nothing is lost', () => {
  const piece = fc.constantFrom(MARK, 'r', 'x', '\n', 'r1\n', `${MARK}r2\n`);
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat(9)), (pieces, sizes) => {
      const text = pieces.join('');
      const chunks: string[] = [];
      for (let at = 0; at < text.length; at += (sizes[chunks.length - 1] ?? 3) + 1)
        chunks.push(text.slice(at, at + (sizes[chunks.length] ?? 3) + 1));
      const whole = split(text);
      expect(split(...chunks)).toEqual(whole);
      const taken = whole.records.map((record) => record.length + 2).reduce((sum, length) => sum + length, 0);
      expect(whole.log.length + taken).toBe(text.length);
    }),
  );
});
