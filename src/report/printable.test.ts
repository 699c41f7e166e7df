/** What others write is shown on a terminal, and commands it nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ForeignCode } from '../model/codes.ts';
import { formatDiagnostic } from './diagnostics.ts';
import { palette } from './format.ts';
import { safeFor } from './print.ts';
import { printable, printableInColours, printableJson, printableLines } from './printable.ts';

const CLIPBOARD = '\x1b]52;c;ZXZpbA==\x07';
const COMMANDING = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const paper = (isTTY: boolean) => ({ isTTY, write: () => true });

describe('text for people', () => {
  it.each([
    ['a clipboard', CLIPBOARD, '\\x1b]52;c;ZXZpbA==\\x07'],
    ['a title by one character of 8 bits', '\u009d0;T\u009c', '\\x9d0;T\\x9c'],
    ['a line that overwrites itself', 'failed\rdone  ', 'failed\\x0ddone  '],
    ['letters in the other direction', 'txt.\u202egpj', 'txt.\\u{202e}gpj'],
    ['letters of all languages, and pictures', 'Grüße 日本 👩‍👩‍👧', 'Grüße 日本 👩‍👩‍👧'],
  ])('shows %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableLines(`${text}\n\t${text}\r\n`)).toBe(`${shown}\n\t${shown}\n`);
  });

  it("has dsmb's colours, where there are any, and no other sequences", () => {
    const { bold, red } = palette({ isTTY: true }, {});
    const text = `${bold(red('error'))} \x1b[8mhidden\x1b[2J`;
    expect(printableInColours(text)).toBe(`${bold(red('error'))} \\x1b[8mhidden\\x1b[2J`);
    vi.stubEnv('FORCE_COLOR', '1');
    expect(safeFor('\x1b[31m', paper(false))).toBe('\x1b[31m');
    vi.stubEnv('FORCE_COLOR', '0');
    expect(safeFor('\x1b[31m', paper(false))).toBe('\\x1b[31m');
    vi.unstubAllEnvs();
  });

  it('commands nothing, whatever it is made of', () => {
    const unit = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\x1b[31m', '\x1b', CLIPBOARD, '\r\n'));
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const text = parts.join('');
        for (const shown of [printable(text), printableLines(text), printableJson({ [text]: text }, 2)])
          expect(shown).not.toMatch(COMMANDING);
        expect(JSON.parse(printableJson({ [text]: text }, 2))).toEqual({ [text]: text });
      }),
    );
  });
});

it('an error shows what its action said, in each of its parts', () => {
  const text = `a${CLIPBOARD}\x1b[31m`;
  const diagnostic = { code: text as ForeignCode, message: text, detail: `${text}\n${text}`, hint: text };
  const location = { file: `/nowhere/${text}`, line: 1, column: 1 };
  expect(formatDiagnostic({ ...diagnostic, location }, palette({}, {}))).not.toMatch(COMMANDING);
});

describe('all that is printed', () => {
  /** What hands a terminal over, the way itself, and what runs in the sandbox. */
  const OTHERS = [
    'src/execute/by-hand/start-runnable.ts',
    'src/report/print.ts',
    'src/step/main.ts',
    'src/vm/showing.ts',
  ];

  it('goes one way', () => {
    const root = join(import.meta.dirname, '../..');
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .map((path) => `src/${path}`)
      .filter((path) => path.endsWith('.ts') && !/\.test(-helper)?\.ts$/.test(path));
    expect(files.length).toBeGreaterThan(100);
    const printing = files.filter((path) =>
      /\bconsole\.(log|error|warn|info)\(|\bprocess\.std(out|err)\.write\(/.test(
        readFileSync(join(root, path), 'utf8'),
      ),
    );
    expect(printing.toSorted()).toEqual(OTHERS);
  });
});
