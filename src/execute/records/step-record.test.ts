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

  it('has a picture only where that is a PNG of a screen’s size', () => {
    const png = (width: number, height: number): string => {
      const head = Buffer.alloc(60);
      head.write('89504e470d0a1a0a0000000d49484452', 'hex');
      head.writeUInt32BE(width, 16);
      head.writeUInt32BE(height, 20);
      return head.toString('base64');
    };
    const shown = (picture: unknown) => parse({ type: 'machine', machine: 1, picture });
    expect(shown(png(720, 400))).toEqual({ type: 'machine', machine: 1, picture: png(720, 400) });
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('base64');
    for (const wrong of [png(0, 400), png(720, 4097), png(2 ** 31, 1), svg, '', '"><script>', 7, `${png(1, 1)}\n`])
      expect(shown(wrong), `${wrong}`).toBeUndefined();
    // A browser decodes only whole groups of four letters.
    for (const more of ['A', 'AA', 'AAA', 'A==']) expect(shown(`${png(1, 1)}${more}`), `and ${more}`).toBeUndefined();
    expect(shown(png(720, 400) + 'A'.repeat(200_000))).toBeUndefined();
    for (const machine of [0, 100, 1.5, '1', null])
      expect(parse({ type: 'machine', machine, console: 'c' }), `${machine}`).toBeUndefined();
    expect(parse({ type: 'machine', machine: 1 })).toBeUndefined();
    expect(parse({ type: 'machine', machine: 1, console: 7 })).toBeUndefined();
    expect(parse({ type: 'machine', machine: 1, console: 'c'.repeat(99_999) })).toEqual({
      ...{ type: 'machine', machine: 1, console: 'c'.repeat(16_384) },
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
