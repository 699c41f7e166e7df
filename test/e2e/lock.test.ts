/** `dsmb lock`: renews all toolchains together, and says what that makes stale. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { combine, shell } from './rules.ts';
export const scripted = shell({ script: 'true' });
export const combined = combine({ name: 'combined', of: [scripted] });
`;
const OUTDATED = '0.0-outdated';

let store: TestStore;
let project: Project;
beforeAll(() => {
  store = new TestStore();
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE });
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

it('takes present versions, and is content with them the next time', { tags: 'long' }, async () => {
  const { exitCode, stdout } = await project.run(['lock']);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^toolchain\.lock\.json: \d+ package sets$/m)]);
  const text = project.read('toolchain.lock.json');
  expect((await project.run(['lock'])).stdout).toMatch(/package sets\nit makes no target stale\n$/);
  expect(project.read('toolchain.lock.json')).toBe(text);
});

it('names the versions that changed, and the targets that are made of them', async () => {
  await project.run(['lock']);
  const text = project.read('toolchain.lock.json');
  const [, version = ''] = /"libatomic1=([^"]+)"/.exec(text)!;
  // Node's libraries: a part of all steps, and of nothing else.
  project.write('toolchain.lock.json', outdated(text, `libatomic1=${version}`));
  const { stdout } = await project.run(['lock']);
  expect(stdout).toContain(`\nlibatomic1 ${OUTDATED} -> ${version}\nstale now,`);
  expect(stdout).toMatch(/:\n {2}\/\/combined\n$/);
  expect(project.read('toolchain.lock.json')).toBe(text);
});

/** The lock with another version and another file of a package. */
function outdated(text: string, key: string): string {
  const from = text.indexOf(`"${key}": {`);
  const rest = text.slice(from).replace(/[0-9a-f]{64}/, 'b'.repeat(64));
  return (text.slice(0, from) + rest).replaceAll(`"${key}"`, `"libatomic1=${OUTDATED}"`);
}
