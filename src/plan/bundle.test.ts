/** Bundles of steps are remembered, and never longer than their modules stay what they are. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { Failure } from '../model/diagnostic.ts';
import { Bundles } from './bundle.ts';
import { bundle } from './bundler.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-bundle-'));
const path = join(folder, 'x.step.ts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const action = {
  work: { type: 'step', module: pathToFileURL(path), args: {}, hints: {} },
} as unknown as ActionNode;

const write = (word: string): void => writeFileSync(path, `export default { run: () => console.log('${word}') };\n`);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The text of the bundle, as a build would have it that starts now. */
async function bundled(): Promise<string> {
  const store = new Store(join(folder, 'store'));
  const { bundle } = await new Bundles(store).contentOf(action);
  if (bundle?.type !== 'file') throw new Error('a bundle is a file');
  return store.cas.read(bundle.digest).toString();
}

it('a step is bundled once', async () => {
  write('once');
  await pause(60);
  await bundled();
  const memory = join(folder, 'store/bundles.v1');
  const [name = ''] = readdirSync(memory);
  const { mtimeMs } = statSync(join(memory, name));
  await bundled();
  expect(statSync(join(memory, name)).mtimeMs).toBe(mtimeMs);
});

it.each(['a*b', '**', 'a?b', '[a]', '{a,b}', '%20', 'a#b', '"\'', 'a b', 'ünï', '-x'])(
  'a step below a folder called %j is bundled',
  async (name) => {
    const below = join(folder, 'odd', name);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, 'word.ts'), 'export default "odd";\n');
    const step = join(below, 'x.step.ts');
    writeFileSync(step, `import word from './word.ts';\nexport default { run: () => console.log(word) };\n`);
    expect(Buffer.from((await bundle(step)).code).toString()).toContain('odd');
  },
);

it.each([
  ['tsconfig.json', 'word', (file: string) => ({ compilerOptions: { paths: { word: [file] } } })],
  ['package.json', '#word', (file: string) => ({ type: 'module', imports: { '#word': file } })],
])('a step is bundled again when %s leads its imports elsewhere', async (name, specifier, settings) => {
  for (const word of ['before', 'later!']) writeFileSync(join(folder, `${word}.ts`), `export default '${word}';\n`);
  writeFileSync(path, `import word from '${specifier}';\nexport default { run: () => console.log(word) };\n`);
  for (const word of ['before', 'later!']) {
    writeFileSync(join(folder, name), JSON.stringify(settings(`./${word}.ts`)));
    await pause(60);
    expect([word, (await bundled()).includes(word)]).toEqual([word, true]);
  }
  rmSync(join(folder, name));
  await expect(bundled()).rejects.toThrow('Could not resolve');
});

it('a step that is written while it is bundled is bundled again', async () => {
  // Where in between the write falls is not known: somewhere in all of these it hits the moment after the reading.
  for (let ms = 0; ms < 24; ms++) {
    write('before');
    await pause(60);
    const bundling = bundled();
    await pause(ms);
    write('later!');
    await bundling;
    expect([ms, (await bundled()).includes('later!')]).toEqual([ms, true]);
  }
});

it.each([
  ['no default export', 'export const x = 1;', 'it has no default export', 'export default step<Spec>(…)'],
  ['an import for build files', "import { run } from 'dsmb';\nexport default run;", 'No matching export', 'dsmb/step'],
  ['no such package', "import '@some/thing/part';\nexport default 1;", 'Could not resolve', 'npm install @some/thing'],
  ['no such file', "import './nowhere.ts';\nexport default 1;", 'Could not resolve', undefined],
])('%s is told, with what to do', async (_what, text, message, hint) => {
  const step = join(folder, 'wrong.step.ts');
  writeFileSync(step, text);
  const { diagnostic } = await bundle(step).then(
    () => expect.unreachable(),
    (error: unknown) => error as Failure,
  );
  expect([diagnostic.code, diagnostic.message]).toEqual(['STEP_DOES_NOT_BUNDLE', expect.stringContaining(message)]);
  expect(diagnostic.hint).toEqual(hint === undefined ? undefined : expect.stringContaining(hint));
});
