/** What a step throws is found in its modules, though its bundle is minified. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { digest, type Digest } from '../model/digest.ts';
import { bundle } from './bundler.ts';
import { placeInStep } from './step-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-step-source-'));
const module = join(folder, 'x.step.ts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  writeFileSync(
    join(folder, 'length.ts'),
    '// A comment.\nexport const length = (of: { text: string }): number =>\n  of.text.length;\n',
  );
  writeFileSync(
    module,
    `import { length } from './length.ts';\ninterface Unused {}\nexport default { run: async () => [null!].map(length) };\n`,
  );
  writeFileSync(join(folder, 'step.json'), '{"inputs":{},"outputs":{}}');
});

/** Runs the step, imported by a name, and gives what it reports. */
async function fail(name = './step.mjs'): Promise<{ stack: string; bundled: Digest }> {
  const { code } = await bundle(module);
  writeFileSync(join(folder, 'step.mjs'), code);
  const script = `await import('${name}').catch(() => {}); process.exit(0)`;
  const said = execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `process.argv[2] = './step.json'; process.stderr.write = (text) => process.stdout.write(text); ${script}`,
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  const { stack } = JSON.parse(said.slice(said.indexOf('{'))) as { stack: string };
  return { stack, bundled: digest(createHash('sha256').update(code).digest('hex'), code.length) };
}

it('at the line and the column where it was thrown', async () => {
  const { stack, bundled } = await fail();
  expect(await placeInStep(stack, module, bundled)).toEqual({ file: join(folder, 'length.ts'), line: 3, column: 6 });
});

it('of a step that was started ahead, too', async () => {
  const { stack, bundled } = await fail('./step.mjs?now');
  expect(await placeInStep(stack, module, bundled)).toMatchObject({ file: join(folder, 'length.ts'), line: 3 });
});

it('nowhere once its modules have changed', async () => {
  const { stack, bundled } = await fail();
  writeFileSync(
    join(folder, 'length.ts'),
    'export const length = (of: { other: string }): number => of.other.length;\n',
  );
  expect(await placeInStep(stack, module, bundled)).toBeUndefined();
});

it('the bundle with a map is, to the byte, the one without', async () => {
  const [plain, mapped] = [await bundle(module), await bundle(module, { withMap: true })];
  expect(Buffer.from(mapped.code).equals(plain.code)).toBe(true);
  expect([plain.map, mapped.map]).toEqual(['', expect.stringContaining('length.ts')]);
});
