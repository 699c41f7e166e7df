/** The build command joined into few modules: made by a build of a checkout, and never older than its sources. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHECKOUT, countingRules, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { grubConfig } from 'dsmb/rules';
export const config = grubConfig({ mac: '52:54:00:00:00:01' });
`;
const SOURCE = 'src/cli/build.ts';
const RECORD = 'joined.v3.json';

let store: TestStore;
let checkout: string;

beforeEach(() => {
  store = new TestStore();
  checkout = join(store.folder, 'checkout');
  copyThisCheckout();
});
afterEach(() => store[Symbol.dispose]());

const COPY = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };

/** With the packages of this one, and nothing that was joined. */
function copyThisCheckout(): void {
  for (const name of ['src', 'cache', 'rules', 'dsmb', 'dsmb.bin', 'package.json', 'package-lock.json'])
    cpSync(join(CHECKOUT, name), join(checkout, name), COPY);
  const modules = join(CHECKOUT, 'node_modules');
  mkdirSync(join(checkout, 'node_modules'));
  for (const name of readdirSync(modules).filter((one) => one !== '.cache'))
    symlinkSync(join(modules, name), join(checkout, 'node_modules', name));
  mkdirSync(join(checkout, '.git'));
  writeFileSync(join(checkout, 'build.dsm.ts'), BUILD_FILE);
}

const joined = (name = ''): string => join(checkout, 'node_modules/.cache/dsmb-joined', name);

/** What a build says; it looks at everything, and a source that was just written is an old one by the next build. */
async function build(): Promise<string> {
  const env = { ...store.env, DSMB_SNAPSHOT: 'off' };
  const { stderr } = await execa(join(checkout, 'dsmb'), ['build', '//config'], { cwd: checkout, env });
  await new Promise((resolve) => setTimeout(resolve, 100));
  return stderr;
}

/** Has a module say so when it is loaded. */
function mark(path: string, text: string): void {
  appendFileSync(path, `\nprocess.stderr.write('${text}\\n');\n`);
}

function markJoined(text: string, start = 'build-'): void {
  for (const name of readdirSync(joined()).filter((one) => one.startsWith(start))) mark(joined(name), text);
}

test('a build loads what the one before it has joined, until a source changes', async () => {
  await build();
  markJoined('joined');
  expect(await build()).toContain('joined\n');

  const before = join(checkout, 'before.ts');
  cpSync(join(checkout, SOURCE), before, { preserveTimestamps: true });
  mark(join(checkout, SOURCE), 'changed');
  const first = await build();
  expect(first).toContain('changed\n');
  expect(first).not.toContain('joined\n');
  await build();
  markJoined('joined anew');
  expect((await build()).match(/^(changed|joined.*)$/gm)).toEqual(['changed', 'joined anew']);

  // An old file with an old time takes its place.
  renameSync(before, join(checkout, SOURCE));
  expect((await build()).match(/^(changed|joined.*)$/gm)).toBeNull();
});

test('what starts its actions is joined as well', async () => {
  const buildFile = (text: string) =>
    `import { combine } from './counting.ts';\nexport const config = combine({ name: 'config', text: '${text}' });\n`;
  const { 'rules.ts': rules, ...others } = countingRules();
  const files = { ...others, 'counting.ts': rules!, 'build.dsm.ts': buildFile('one') };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(checkout, name), text);
  await build();
  markJoined('joined helper', 'spawner-main-');
  writeFileSync(join(checkout, 'build.dsm.ts'), buildFile('two'));
  const said = await build();
  expect(said).toContain('joined helper\n');
  expect(said).toContain('1 executed');
});

test('a build goes without where nothing can be joined, or where it is damaged', { tags: 'long' }, async () => {
  await build();
  truncateSync(joined(RECORD), 100);
  expect(await build()).toContain('build succeeded');
  for (const name of readdirSync(joined())) if (name !== RECORD) rmSync(joined(name));
  expect(await build()).toContain('build succeeded');

  rmSync(joined(), { recursive: true });
  writeFileSync(joined(), 'no folder');
  expect(await build()).toContain('build succeeded');
});
