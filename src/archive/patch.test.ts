import { execa } from 'execa';
import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { applyFilePatch, applyPatches } from './patch-apply.ts';
import { insertionPatch } from './patch-make.ts';
import { parsePatch } from './patch-parse.ts';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'patch-'))));
afterAll(() => rm(folder, { recursive: true }));

async function diff(from: string, to: string): Promise<string> {
  await Promise.all([writeFile(join(folder, 'from'), from), writeFile(join(folder, 'to'), to)]);
  const args = ['-u', '--label', 'a/file', '--label', 'b/file', 'from', 'to'];
  return (await execa('diff', args, { cwd: folder, reject: false, stripFinalNewline: false })).stdout;
}

/** What patch(1) makes of it; undefined where a hunk fails. */
async function realPatch(text: string, patch: string, program = 'patch'): Promise<string | undefined> {
  await writeFile(join(folder, 'file'), text);
  const command =
    program === 'patch' ? ['patch', '--no-backup-if-mismatch', '-N', '-r', '-'] : ['busybox', 'patch', '-N'];
  const [name = '', ...args] = command;
  const { exitCode } = await execa(name, [...args, '-p1'], { cwd: folder, input: patch, reject: false });
  return exitCode === 0 ? await readFile(join(folder, 'file'), 'utf8') : undefined;
}

function ours(text: string, patch: string): string | undefined {
  try {
    return applyPatches(text, parsePatch(patch), 'file');
  } catch {
    return undefined;
  }
}

const line = fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', '\n', '\techo x\n', '}\n');
const text = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 40 }), fc.constantFrom('', 'end'))
  .map(([lines, end]) => lines.join('') + end);
/** A text and a changed copy: some lines dropped, some put in. */
const edited = fc
  .tuple(text, fc.array(fc.tuple(fc.nat(40), fc.nat(2), fc.array(line, { maxLength: 3 })), { maxLength: 3 }))
  .map(([from, edits]) => {
    const lines = from.split(/(?<=\n)/);
    for (const [at, drop, add] of edits) lines.splice(Math.min(at, lines.length), drop, ...add);
    const to = lines
      .map((each, index) => (index < lines.length - 1 && !each.endsWith('\n') ? `${each}\n` : each))
      .join('');
    return { from, to };
  });

const linuxrc = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');

describe('patch', () => {
  test('the diff of two texts makes the second from the first', async () => {
    await fc.assert(
      fc.asyncProperty(edited, async ({ from, to }) => {
        expect(applyPatches(from, parsePatch(await diff(from, to)), 'file')).toBe(to);
      }),
      { numRuns: examples(60) },
    );
  });

  test('on a text that has changed meanwhile, it does what patch(1) does', async () => {
    await fc.assert(
      fc.asyncProperty(
        edited,
        fc.array(line, { maxLength: 4 }),
        fc.nat(30),
        fc.nat(2),
        async ({ from, to }, add, at, drop) => {
          const patch = await diff(from, to);
          fc.pre(patch !== '');
          const drifted = from.split(/(?<=\n)/);
          drifted.splice(Math.min(at, drifted.length - 1), drop, ...add);
          fc.pre(drifted.join('') !== '');
          expect(ours(drifted.join(''), patch)).toBe(await realPatch(drifted.join(''), patch));
        },
      ),
      { numRuns: examples(150) },
    );
  });

  test('a hunk may stand among the last lines of the one before', async () => {
    const patch = await diff('}\nb\na\na\n}\nb\na\na\n', '}\n}\nb\na\na\n}\nb\na\na\na\n');
    const drifted = 'b\na\na\n}\nb\na\na\n';
    const wanted = 'b\na\na\n}\n}\nb\na\na\na\n';
    expect(await realPatch(drifted, patch)).toBe(wanted);
    expect(ours(drifted, patch)).toBe(wanted);
  });

  test('an insertion after other changes applies with patch(1) and with busybox', async () => {
    const stock = await diff(linuxrc, linuxrc.replace('line 4\n', 'line 4\nnew 1\nnew 2\n'));
    const after = applyPatches(linuxrc, parsePatch(stock), 'file');
    const whole = stock + insertionPatch('file', after, after.split('\n').indexOf('line 6'), ['one', 'two']);
    const wanted = after.replace('line 6\n', 'one\ntwo\nline 6\n');
    expect(ours(linuxrc, whole)).toBe(wanted);
    expect(await realPatch(linuxrc, whole)).toBe(wanted);
    expect(await realPatch(linuxrc, whole, 'busybox')).toBe(wanted);
  });

  test('offset and fuzz are told', async () => {
    const patch = parsePatch(await diff(linuxrc, linuxrc.replace('line 15\n', 'LINE 15\n')))[0];
    expect(applyFilePatch(linuxrc, patch!).placements).toEqual([{ line: 12, offset: 0, fuzz: 0 }]);
    expect(applyFilePatch(`x\ny\n${linuxrc}`, patch!).placements).toEqual([{ line: 14, offset: 2, fuzz: 0 }]);
    expect(applyFilePatch(linuxrc.replace('line 12\n', 'other\n'), patch!).placements).toEqual([
      { line: 12, offset: 0, fuzz: 1 },
    ]);
  });

  test('a hunk that does not apply is shown with the nearest lines', async () => {
    const patch = await diff(linuxrc, linuxrc.replace('line 15\n', 'LINE 15\n'));
    expect(() => applyPatches(linuxrc.replace('line 15\n', 'line 15 # changed\n'), parsePatch(patch), 'file')).toThrow(
      expect.objectContaining({
        diagnostic: expect.objectContaining({
          code: 'PATCH_DOES_NOT_APPLY',
          message: 'hunk 1 of 1 for file does not apply',
          detail: expect.stringContaining('  15 | line 15 # changed\n     ? line 15   <- expected\n= 16 | line 16'),
        }),
      }),
    );
  });

  test.each([
    '@@ -1 +1 @@\n-a\n+b\n',
    '--- a/f\n+++ b/f\n@@ -1,3 +1 @@\n a\n',
    '--- a/f\n+++ b/f\n@@ -1 +1 @@\nx\n',
    '--- a/f\n+++ b/f\n',
  ])('malformed: %j', (patch) => {
    expect(() => parsePatch(patch)).toThrow(
      expect.objectContaining({ diagnostic: expect.objectContaining({ code: 'PATCH_MALFORMED' }) }),
    );
  });
});
