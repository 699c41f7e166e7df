/** Names that no label can have are refused where they are found, with a remedy that can be run. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../model/diagnostic.ts';
import { findPackages, load } from './load.ts';
import { BUILD_FILE } from './workspace.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dsmb-names-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function buildFile(folder: string, text = ''): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, BUILD_FILE), text);
}

async function refused(work: () => unknown): Promise<Failure['diagnostic']> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic;
    throw error;
  }
  throw new Error('nothing is refused');
}

describe('a package', () => {
  it.each(['a', 'a/b', 'a-b', 'a.b', '_', '1', '-x'])('may be called %s', (name) => {
    buildFile(name);
    expect(findPackages(root)).toEqual([name]);
  });

  it.each(['p%q', 'ünï', 'a b', 'a+b', 'a@b', 'a,b', 'a~b', 'a:b', "it's", 'x/a b', 'line\nbreak', 'a*b', 'a\\b'])(
    'may not be called %j',
    async (name) => {
      buildFile(name);
      const { code, message, hint = '' } = await refused(() => findPackages(root));
      expect(code).toBe('BAD_NAME');
      expect(message).toContain(name);
      execFileSync('sh', ['-c', hint.slice(hint.indexOf(': ') + 2)]);
      expect(findPackages(root)).toHaveLength(1);
    },
  );

  it('is refused when another one imports it', async () => {
    buildFile('a b', "import { file } from 'dsmb';\nexport const x = file('f');\n");
    buildFile('', "export { x as y } from './a b/build.dsm.ts';\n");
    expect(await refused(() => load(root, []))).toMatchObject({ code: 'BAD_NAME' });
  });
});

describe('a target or parameter', () => {
  it.each([
    ['export const ünï = file("f");', 'ünï'],
    ['const x = file("f");\nexport { x as "a b" };', 'a b'],
    ['export const ok = file("f");\nexport const ñ = param.string({ default: "", doc: "" });', 'ñ'],
  ])('that is exported by %j', async (text, name) => {
    buildFile('', `import { file, param } from 'dsmb'; ${text}\n`);
    expect(await refused(() => load(root, []))).toMatchObject({
      code: 'BAD_NAME',
      message: `'${name}' is exported, but no label can name it`,
    });
  });
});
