/** A step that talks without end is heard as one that talks. */
import { expect, it } from 'vitest';
import type { StepRecord } from './step-record.ts';
import { StepRecords } from './step-records.ts';

const line = (record: StepRecord): string => `\u001e${JSON.stringify(record)}\n`;

function heard(...written: readonly StepRecord[]): { log: string; records: StepRecord[] } {
  let log = '';
  const records: StepRecord[] = [];
  const all = new StepRecords(
    (bytes) => (log += bytes.toString()),
    (record) => records.push(record),
  );
  all.write(Buffer.from(written.map(line).join('')));
  all.end();
  return { log, records };
}

it('of much progress at once, the first and the last are told', () => {
  const progress = Array.from({ length: 10_000 }, (_, i) => ({ type: 'progress', stage: String(i) }) as const);
  expect(heard(...progress)).toEqual({ log: '', records: [progress[0], progress.at(-1)] });
});

it('of what machines show, not more is told than anybody can look at', () => {
  const shown = Array.from(
    { length: 10_000 },
    (_, i) => ({ type: 'machine', machine: 1, console: String(i) }) as const,
  );
  const { log, records } = heard(...shown);
  expect(log).toBe('');
  expect(records.length).toBeLessThan(1000);
  expect(records[0]).toEqual(shown[0]);
});

it('of very many machines, the first few are shown, and none is logged', () => {
  const shown = Array.from({ length: 15 }, (_none, i) => ({ type: 'machine', machine: i + 1, console: 'c' }) as const);
  expect(heard(...shown)).toEqual({ log: '', records: shown.slice(0, 8) });
});

it('one failure is told, the first', () => {
  const failure = (message: string) =>
    ({ type: 'diagnostic', diagnostic: { code: 'PROGRAM_FAILED', message } }) as const;
  expect(heard(failure('first'), failure('second')).records).toEqual([failure('first')]);
});
