/** Of a record only what may stand in one is taken, whatever a program has written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord } from './step-record.ts';

const parse = (record: unknown) => parseRecord(JSON.stringify(record));

describe('a record', () => {
  it.each([
    ['{'],
    ['null'],
    ['7'],
    ['[]'],
    ['{"type":"other"}'],
    ['{"type":"progress","stage":{}}'],
    ['{"type":"progress"}'],
    ['{"type":"progress","stage":"a","percent":"x"}'],
    ['{"type":"diagnostic"}'],
    ['{"type":"diagnostic","diagnostic":{"code":5,"message":{}}}'],
    ['{"type":"diagnostic","diagnostic":{"code":"A B","message":"m"}}'],
  ])('%s is none', (text) => {
    expect(parseRecord(text)).toBeUndefined();
  });

  it('says how far a step is, in bounds', () => {
    expect(parse({ type: 'progress', stage: 's'.repeat(999), percent: 1e9, more: 1 })).toEqual({
      ...{ type: 'progress', stage: 's'.repeat(200), percent: 100 },
    });
  });

  it('says what is wrong, and never where: no file of the machine is named by a program', () => {
    const location = { file: '/etc/shadow', line: 1, column: 1 };
    const diagnostic = { code: 'X', message: 'm', hint: 'h', detail: 7, location, attribute: 'a' };
    expect(parse({ type: 'diagnostic', diagnostic, stack: [] })).toEqual({
      ...{ type: 'diagnostic', diagnostic: { code: 'X', message: 'm', hint: 'h' } },
    });
  });

  it.each(['BLOB_MISSING', 'MACHINE_FAULT'])('does not say %s, which the engine acts upon', (code) => {
    expect(parse({ type: 'diagnostic', diagnostic: { code, message: 'm' } })).toMatchObject({
      diagnostic: { code: 'STEP_FAILED', message: 'm' },
    });
  });

  it('has texts and numbers alone, whatever it is made of', () => {
    const any = fc.record(
      { type: fc.constantFrom('progress', 'diagnostic', 'ready'), stage: fc.jsonValue(), percent: fc.jsonValue() },
      { requiredKeys: ['type'] },
    );
    const more = fc.record({ diagnostic: fc.record({ code: fc.jsonValue(), message: fc.jsonValue() }) });
    fc.assert(
      fc.property(any, more, (record, { diagnostic }) => {
        const taken = parse({ ...record, diagnostic });
        if (taken?.type === 'progress') expect(typeof taken.stage).toBe('string');
        if (taken?.type === 'progress') expect(['number', 'undefined']).toContain(typeof taken.percent);
        if (taken?.type === 'diagnostic')
          for (const text of Object.values(taken.diagnostic)) expect(typeof text).toBe('string');
      }),
    );
  });
});
