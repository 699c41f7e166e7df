/** Edits of build files: only the value changes, and it has the form of the one before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { literal, quoted } from './edit-text.ts';
import { editAttribute, type Change } from './edit.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-edit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Edits the call of `make` in a text. */
function edited(text: string, path: string, value: string, operator: Change['operator'] = '='): string {
  const file = join(folder, 'build.dsm.ts');
  writeFileSync(file, text);
  const before = text.slice(0, text.indexOf('make('));
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const call = { file, line, column };
  return editAttribute(call, path, { operator, text: value }, new Set(['mac'])).after;
}

describe('a value that is written out', () => {
  it.each([
    ['a text', "make({ name: 'a' })", 'name', "it's", "make({ name: 'it\\'s' })"],
    ['a text in double quotes', 'make({ name: "a" })', 'name', 'say "b"', 'make({ name: "say \\"b\\"" })'],
    ['a text in backticks', 'make({ name: `a` })', 'name', '${b}`', 'make({ name: `\\${b}\\`` })'],
    ['a text of digits', "make({ name: '1' })", 'name', '2', "make({ name: '2' })"],
    ['a number', 'make({ size: 20 })', 'size', '0x28', 'make({ size: 0x28 })'],
    ['a negative number', 'make({ size: -1 })', 'size', '-2.5', 'make({ size: -2.5 })'],
    ['a switch', 'make({ on: true })', 'on', 'false', 'make({ on: false })'],
    ['a list', "make({ of: ['a', 'b'] })", 'of', '["c", 1]', "make({ of: ['c', 1] })"],
    ['an object', "make({ at: { x: 'a' } })", 'at', '{"y-z": [true]}', "make({ at: { 'y-z': [true] } })"],
    ['inside an object', "make({ at: { x: 'a' } })", 'at.x', 'b', "make({ at: { x: 'b' } })"],
    ['inside a list', "make({ of: [{ x: 'a' }] })", 'of[0].x', 'b', "make({ of: [{ x: 'b' }] })"],
    ['under a quoted name', "make({ 'x': 1 })", 'x', '2', "make({ 'x': 2 })"],
  ])('%s', (_what, text, path, value, after) => {
    expect(edited(text, path, value)).toBe(after);
  });

  it('leaves every other byte as it is', () => {
    const text = (size: string): string =>
      `\ufeff// A comment.\r\nexport   const disk = make({\r\n\tname: "x" , // why\r\n\tsize:/* GiB */ ${size},\r\n});\r\n`;
    expect(edited(text('20'), 'size', '40')).toBe(text('40'));
  });
});

describe('a value that is not there yet', () => {
  it.each([
    ["make({ name: 'a' })", "make({ name: 'a', more: 'x' })", 'x'],
    ["make({\n  name: 'a',\n})", "make({\n  name: 'a',\n  more: 7,\n})", '7'],
    ['make({})', 'make({ more: true })', 'true'],
  ])('is added to %j', (text, after, value) => {
    expect(edited(text, 'more', value)).toBe(after);
  });
});

describe('a list', () => {
  it.each([
    ['+=', "make({ of: ['a'] })", "make({ of: ['a', 'b'] })"],
    ['+=', 'make({ of: [] })', "make({ of: ['b'] })"],
    ['+=', "make({\n  of: [\n    'a',\n  ],\n})", "make({\n  of: [\n    'a',\n    'b',\n  ],\n})"],
    ['-=', "make({ of: ['a', 'b'] })", "make({ of: ['a'] })"],
    ['-=', "make({ of: ['b', 'a'] })", "make({ of: ['a'] })"],
    ['-=', "make({ of: ['b'] })", 'make({ of: [] })'],
  ] as const)('%s in %j', (operator, text, after) => {
    expect(edited(text, 'of', 'b', operator)).toBe(after);
  });
});

describe('what cannot be set', () => {
  it.each([
    ['an expression', 'make({ size: 4 * 5 })', 'size', '1', 'NOT_A_LITERAL'],
    ['a parameter', 'make({ mac })', 'mac', '1', 'NOT_A_LITERAL'],
    ['a template with something in it', 'make({ name: `a${b}` })', 'name', '1', 'NOT_A_LITERAL'],
    ['a list of targets', 'make({ of: [a] })', 'of', '[]', 'NOT_A_LITERAL'],
    ['a number to a text', 'make({ size: 20 })', 'size', 'big', 'BAD_VALUE'],
    ['a switch to a text', 'make({ on: true })', 'on', 'yes', 'BAD_VALUE'],
    ['a list to a text', "make({ of: ['a'] })", 'of', 'b', 'BAD_VALUE'],
    ['what is below nothing', "make({ name: 'a' })", 'at.x', '1', 'NO_SUCH_VALUE'],
    ['attributes that are made elsewhere', 'make(attributes)', 'name', '1', 'NOT_WRITTEN_OUT'],
  ])('%s', (_what, text, path, value, code) => {
    expect(() => edited(text, path, value)).toThrow(
      expect.objectContaining({ diagnostic: expect.objectContaining({ code }) as unknown }),
    );
  });

  it('says which parameter it is, and how to set that', () => {
    expect(() => edited('make({ address: mac })', 'address', '1')).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({ hint: expect.stringContaining('dsmb set mac') as unknown }) as unknown,
      }),
    );
  });

  it('a list that does not have it, and what is not a list', () => {
    expect(() => edited("make({ of: ['a'] })", 'of', 'b', '-=')).toThrow("the list has no 'b'");
    expect(() => edited("make({ name: 'a' })", 'name', 'b', '+=')).toThrow('changes a list');
  });
});

/** What a literal stands for. */
function valueOf(text: string): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- a literal that this test wrote
  return new Function(`return (${text})`)();
}

describe('a literal', () => {
  it('stands for its text, in any quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom("'", '"', '`'), (text, quote) => {
        expect(valueOf(quoted(text, quote))).toBe(text);
      }),
    );
  });

  it('stands for any data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const plain = JSON.parse(JSON.stringify(data)) as unknown;
        if (!JSON.stringify(plain).includes('__proto__')) expect(valueOf(literal(plain, "'"))).toEqual(plain);
      }),
    );
  });
});
