/** A hostile action against its sandbox, as each user that can be tried: what it tries, and what holds. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUSED_CALLS } from '../../src/execute/sandbox/seccomp/refused-calls.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';
import { FILES, PROCESS, SYSTEM_CALLS, type Attempt } from './attempts.ts';
import { callAs, give, users } from './user.ts';

const fixture = (name: string): string => readFileSync(new URL(`fixture/${name}`, import.meta.url), 'utf8');
const ATTEMPTS: readonly Attempt[] = [...SYSTEM_CALLS, ...FILES, ...PROCESS];

/** Writes to its output when its action is over, without a descriptor of the builder. */
const WRITES_LATER = `exec 3<>/out/file; echo honest >&3
dash -c 'exec >/dev/null 2>&1 </dev/null; sleep 1; echo EVIL >&3; touch -d @315532800 /dev/fd/3; sleep 60' &`;

it('each line of the filter is tried', () => {
  const tried = new Set(SYSTEM_CALLS.map(({ what }) => what.split(':')[0]));
  expect(REFUSED_CALLS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});

describe.each(users())('$name', (user) => {
  let store: TestStore;
  let project: Project;
  const results = new Map<string, string>();

  beforeAll(() => {
    store = new TestStore();
    project = new Project(store, {
      ...Object.fromEntries(['rules.ts', 'probe.step.ts', 'probe.mjs'].map((name) => [name, fixture(name)])),
      'toolchain.lock.json': countingRules()['toolchain.lock.json']!,
      'attempts.json': JSON.stringify(ATTEMPTS.map(({ how }) => how)),
      'build.dsm.ts': `
        import { file } from 'dsmb';
        import { hostile, probe } from './rules.ts';
        export const probed = probe({ probe: file('probe.mjs'), attempts: file('attempts.json') });
        export const late = hostile({ script: ${JSON.stringify(WRITES_LATER)} });
        export const input = hostile({
          script: 'if chmod 666 /proc/self/fd/0; then echo changed; else echo refused; fi >/out/file',
        });`,
    });
    give(user, project);
    const { stderr } = callAs(user, project, ['build', '//probed']);
    const text = readIfThere(project.path('dsmb-out/probed/results.json'));
    if (text === undefined) throw new Error(`the probe did not run:\n${stderr}`);
    const said = JSON.parse(text) as string[];
    for (const [index, { what }] of ATTEMPTS.entries()) results.set(what, said[index]!);
  });
  afterAll(() => {
    for (const [what, result] of results) console.log(`${user.name}: ${what}: ${result}`);
    project[Symbol.dispose]();
    store[Symbol.dispose]();
  });

  it.each(ATTEMPTS.map(({ what, held }) => [what, held] as const))('%s', (what, held) => {
    expect(held).toContain(results.get(what));
  });

  it('takes /dev/null from everybody, as its standard input', () => {
    expect(callAs(user, project, ['build', '//input']).status).toBe(0);
    expect(project.read('dsmb-out/input/file')).toBe('refused\n');
  });

  it('leaves a file that gives away the rights of its owner', () => {
    expect(setIdFiles(store.folder)).toEqual([]);
  });

  it('writes to its output when it is over', async () => {
    const { status, stderr } = callAs(user, project, ['build', '//late']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('build succeeded')]);
    expect(await store.processesLeft()).toEqual([]);
    expect(project.read('dsmb-out/late/file')).toBe('honest\n');
  });
});

/** Paths with a set-user-ID or set-group-ID bit. */
function setIdFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (lstatSync(path).mode & 0o6000) !== 0);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
