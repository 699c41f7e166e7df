/** Names that a step asks for, and what its rule gives. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { File } from '../../model/kinds.ts';
import { unknownName } from './step-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'x.step.ts');
const node = { inputs: new Map([['files', undefined as never]]), outputs: { sums: { name: 'sums', kind: File } } };

/** What is said of a step that failed at a line. */
function said(lines: readonly string[], line: number): string | undefined {
  writeFileSync(file, lines.join('\n'));
  return unknownName(node, { algorithm: 'sha256' }, { file, line, column: 1 });
}

it('an input that the rule does not give is named, with those that it gives', () => {
  expect(said(['const all = inputs.files;', 'readFileSync(inputs.file);'], 2)).toBe(
    'the rule gives the step no inputs.file; its inputs are files; did you mean inputs.files?',
  );
});

it('is found where it was taken before it was used', () => {
  expect(said(["const to = outputs['list'];", 'writeFileSync(to, "");'], 2)).toBe(
    'the rule gives the step no outputs.list; its outputs are sums',
  );
});

it('an argument may be left out, unless the line itself asks for it', () => {
  expect(said(['const level = args.level ?? 6;', 'boom();'], 2)).toBeUndefined();
  expect(said(['args.levels.map(String);'], 1)).toMatch(/no args\.levels; its args are algorithm/);
});

it('what is right is not spoken of', () => {
  expect(said(['createHash(args.algorithm).update(inputs.files, outputs.sums)'], 1)).toBeUndefined();
});
