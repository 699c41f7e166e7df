/** What of a step's sources is in its bundle. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import { Bundles } from './bundle.ts';

let folder: string;
let store: Store;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-bundle-'));
  store = new Store(join(folder, 'store'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The bundle of a step with this text; `as` is how its file is named, and `extension` how it really ends. */
async function bundled(text: string, { extension = 'ts', as = 'ts' } = {}): Promise<unknown> {
  const name = join(folder, `step${count++}`);
  writeFileSync(`${name}.${extension}`, text);
  const work = { type: 'step', module: pathToFileURL(`${name}.${as}`), args: {}, hints: {} } as const;
  return (await new Bundles(store).contentOf({ work } as ActionNode)).bundle;
}

const HEAD = `import { step } from 'dsmb/step';\n`;
const STEP = `${HEAD}export default step(async ({ outputs, log }) => { const said = Object.keys(outputs); log(String(said)); });`;

describe('a bundle', () => {
  it('has no types and no comments', async () => {
    const plain = await bundled(STEP);
    expect(await bundled(`// A comment.\n${STEP}`)).toEqual(plain);
    expect(await bundled(STEP.replace('const said', 'const said: ReadonlyArray<string>'))).toEqual(plain);
    expect(await bundled(STEP.replace(HEAD, `${HEAD}interface Zzz { readonly zzz: 'zzz' }\n`))).toEqual(plain);
  });

  it('has the code', async () => {
    expect(await bundled(STEP.replace('keys', 'values'))).not.toEqual(await bundled(STEP));
  });

  it('is the same from the source and from what it was compiled to, under the name of the source', async () => {
    expect(await bundled(STEP, { extension: 'js' })).toEqual(await bundled(STEP));
  });

  it('is the same from a folder that a symlink leads to', async () => {
    mkdirSync(join(folder, 'far/away'), { recursive: true });
    symlinkSync('far/away', join(folder, 'near'));
    writeFileSync(join(folder, 'far/away/linked.ts'), STEP);
    const of = (path: string) => {
      const work = { type: 'step', module: pathToFileURL(join(folder, path)), args: {}, hints: {} } as const;
      return new Bundles(store).contentOf({ work } as ActionNode);
    };
    const { bundle, modules } = await of('near/linked.ts');
    expect(bundle).toEqual((await of('far/away/linked.ts')).bundle);
    expect([...modules!.keys()]).toContain(join(folder, 'far/away/linked.ts'));
  });
});
