/** What a person reads of a diagnostic. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from './diagnostics.ts';
import { palette } from './format.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-diagnostics-'));
const file = join(folder, 'build.dsm.ts');
writeFileSync(file, "import x from 'x';\n\texport const wrong = call(1);\n");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = palette({ isTTY: false } as NodeJS.WriteStream, {});
const where = relative(process.cwd(), file);

describe('a diagnostic', () => {
  it('is one line where there is no more to say', () => {
    expect(formatDiagnostic({ code: 'USAGE', message: 'it is so' }, plain)).toBe('error USAGE it is so');
  });

  it('shows the line with a squiggle under the word, the details, then the hint', () => {
    const diagnostic = {
      code: 'USAGE',
      message: 'it is so',
      detail: 'one\ntwo',
      hint: 'do that',
      location: { file, line: 2, column: 15 },
    } as const;
    expect(formatDiagnostic(diagnostic, plain).split('\n')).toEqual([
      'error USAGE it is so',
      `  ${where}:2:15`,
      '     export const wrong = call(1);',
      '                  ~~~~~',
      '  one',
      '  two',
      '  hint: do that',
    ]);
  });

  it.each([
    ['of a file that is gone', { file: join(folder, 'gone.ts'), line: 1, column: 1 }],
    ['behind the last line', { file, line: 99, column: 1 }],
  ])('shows a place %s without the line', (_what, location) => {
    const text = formatDiagnostic({ code: 'USAGE', message: 'm', location }, plain);
    expect(text.split('\n')).toHaveLength(2);
  });

  it('behind the end of a line still has a squiggle', () => {
    const location = { file, line: 1, column: 80 };
    expect(formatDiagnostic({ code: 'USAGE', message: 'm', location }, plain)).toMatch(/ {4} {79}~$/);
  });
});
