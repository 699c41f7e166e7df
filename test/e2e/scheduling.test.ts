/** What runs when: order, number, retries and limits, read from the events and the trace of real builds. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

interface Event {
  readonly type: string;
  readonly time: number;
  readonly label?: string;
  readonly [field: string]: unknown;
}

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
afterEach(() => project[Symbol.dispose]());

const unique = (): string => crypto.randomUUID();

function open(declarations: string): Project {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `import { combine, shell } from './rules.ts';\n${declarations}`,
  });
  return project;
}

const eventsOf = (text: string): Event[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
const labelsOf = (events: readonly Event[], type: string): string[] =>
  events.filter((event) => event.type === type).map(({ label }) => label ?? '');

/** Builds, and gives its exit code, messages and events. */
async function build(args: readonly string[]) {
  const file = project.path('events.jsonl');
  const finished = await project.run(['build', ...args, '--events', file]);
  return { ...finished, events: eventsOf(readFileSync(file, 'utf8')) };
}

/** The most actions that ran at one time. */
function mostAtOnce(events: readonly Event[]): number {
  let [running, most] = [0, 0];
  for (const { type } of events) {
    if (type === 'action-started') most = Math.max(most, ++running);
    if (type === 'action-finished') running--;
  }
  return most;
}

const sleepers = (count: number, seconds: number): string => `
  const salt = '${unique()}';
  const sleeper = (name, seconds) => shell({ script: \`sleep \${seconds}; echo \${name} \${salt} >/out/file\` });
  ${Array.from({ length: count }, (_, index) => `export const s${index} = sleeper('s${index}', ${seconds});`).join('\n')}
  export const all = combine({ name: 'all', of: [${Array.from({ length: count }, (_, index) => `s${index}`).join(', ')}] });`;

describe('--jobs', () => {
  it.each([4])('%i: that many actions at a time', runsThatMany);
  it.each([1])('%i: that many actions at a time', { tags: 'long' }, runsThatMany);

  async function runsThatMany(jobs: number): Promise<void> {
    open(sleepers(6, 0.5));
    const { exitCode, events } = await build(['//all', '--jobs', String(jobs)]);
    expect(exitCode).toBe(0);
    expect(mostAtOnce(events)).toBe(jobs);
  }

  it('that is not a number is a mistake of the call', async () => {
    open(sleepers(1, 0));
    const { exitCode, stderr } = await project.run(['build', '//all', '-j', 'all']);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/--jobs takes a number/)]);
  });
});

describe('the order', () => {
  it('begins with what the end waits for longest, by what it took before', { tags: 'long' }, async () => {
    open(`
      const salt = '${unique()}';
      const sleeper = (name, seconds, of) =>
        shell({ script: \`sleep \${seconds}; echo \${name} \${salt} >/out/file\`, of });
      export const short1 = sleeper('short1', 0.1, []);
      export const short2 = sleeper('short2', 1, []);
      export const first = sleeper('first', 0.1, []);
      export const long = sleeper('long', 3, [first]);
      export const all = combine({ name: 'all', of: [short1, short2, first, long] });`);
    expect(labelsOf((await build(['//all', '-j1'])).events, 'action-started').slice(0, 2)).toEqual([
      '//short1',
      '//short2',
    ]);
    project.edit('build.dsm.ts', "salt = '", "salt = 'other ");
    const again = await build(['//all', '-j1']);
    expect(labelsOf(again.events, 'action-started')).toEqual(['//first', '//long', '//short2', '//short1', '//all']);
  });
});

describe('a machine that fails', () => {
  it('is tried again: the death of the helper that starts actions ends no build', async () => {
    open(`export const slow = shell({ script: 'echo begun; sleep 3; echo ${unique()} >/out/file' });`);
    const file = project.path('events.jsonl');
    const running = project.start(['build', '//slow', '--events', file]);
    await processNamed('sleep 3');
    process.kill(await processNamed('spawner-main'), 'SIGKILL');
    const { exitCode, stderr } = await running.finished;
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/^again \/\/slow Shell: the helper .* ended \(try 2\)$/m),
    ]);
    const retried = eventsOf(readFileSync(file, 'utf8')).filter(({ type }) => type === 'action-retried');
    expect(retried).toEqual([expect.objectContaining({ label: '//slow', attempt: 2 })]);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });

  it('is not tried again for a command that fails, nor for ever', { tags: 'long' }, async () => {
    open(`export const bad = combine({ name: 'bad ${unique()}', text: '', of: [shell({ script: 'exit 1' })] });`);
    const { exitCode, events } = await build(['//bad']);
    expect(exitCode).toBe(1);
    expect(labelsOf(events, 'action-retried')).toEqual([]);
  });

  async function processNamed(part: string): Promise<number> {
    for (;;) {
      const found = store.processes().find((line) => line.includes(part));
      if (found) return Number.parseInt(found, 10);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('limits', () => {
  it('of time say which it was and where it is set', async () => {
    open(`export const slow = shell({ script: 'sleep 1000', timeoutMs: 300 });`);
    const { exitCode, stderr } = await project.run(['build', '//slow']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error ACTION_TIMEOUT \/\/slow \(Shell\): the command did not end within 0\.3 s/);
    expect(stderr).toMatch(
      /hint: the limit is timeoutMs of the action Shell, .* rule shell; the attribute 'timeoutMs' is given/,
    );
    expect(await store.processesLeft()).toEqual([]);
  });

  it.each(['0', 'NaN'])('of time must make sense (%s)', mustMakeSense);
  it.each(['-1', '1e12', '0.5'])('of time must make sense (%s)', { tags: 'long' }, mustMakeSense);

  async function mustMakeSense(timeoutMs: string): Promise<void> {
    open(`export const odd = shell({ script: 'true', timeoutMs: ${timeoutMs} });`);
    const { exitCode, stderr } = await project.run(['build', '//odd']);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/BAD_RULE .*timeoutMs of Shell is/)]);
  }

  it('of the disk are looked at before anything runs', async () => {
    open(`export const big = shell({ script: 'true', needs: { diskMiB: 2 ** 40 } });`);
    const { exitCode, stderr } = await project.run(['build', '//big']);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/DISK_FULL .*needs 1073741824\.0 GiB, and/)]);
  });

  it('of memory let an action that wants more than there is run alone', async () => {
    open(`
      const huge = (name) => shell({ script: \`sleep 0.3; echo \${name} ${unique()} >/out/file\`, needs: { memoryMiB: 2 ** 30 } });
      export const all = combine({ name: 'all', of: [huge('a'), huge('b'), huge('c')] });`);
    const { exitCode, events } = await build(['//all']);
    expect(exitCode).toBe(0);
    expect(mostAtOnce(events)).toBe(1);
  });

  it('that only KVM meets are an error where it runs no guests', { tags: 'long' }, async () => {
    // Without a QEMU among its tools no guest runs, on whatever machine.
    open(`export const guest = shell({ script: 'echo >/out/file', needs: { kvm: true } });`);
    const { exitCode, stderr } = await project.run(['build', '//guest']);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/NO_KVM \/\/guest \(Shell\) needs KVM/)]);
  });
});

describe('files that programs read', () => {
  it('events go to standard output, one object a line, beside messages on standard error', async () => {
    open(sleepers(2, 0));
    const { exitCode, stdout, stderr } = await project.run(['build', '//all', '--events', '-']);
    expect(exitCode).toBe(0);
    const events = eventsOf(stdout);
    expect(events[0]).toMatchObject({ type: 'build-started', schema: 1, targets: ['//all'], actions: 3 });
    expect(events.at(-1)).toMatchObject({ type: 'build-finished', success: true });
    expect(labelsOf(events, 'action-finished').toSorted()).toEqual(['//all', '//s0', '//s1']);
    expect(stderr).toMatch(/build succeeded/);
  });

  it('a reader that leaves early does not end the build', { tags: 'long' }, async () => {
    open(sleepers(4, 0.2));
    const command = '"$DSMB" build //all --events - | head -n 1; exit "${PIPESTATUS[0]}"';
    const env = { ...process.env, ...store.env, DSMB: new URL('../../dsmb', import.meta.url).pathname };
    execFileSync('bash', ['-c', command], { cwd: project.folder, env, stdio: 'pipe' });
    expect((await project.build(['//all'])).executed).toEqual([]);
  });

  it('events of a pipe that nobody reads are an error, not a hang', { tags: 'long' }, async () => {
    open(sleepers(1, 0));
    execFileSync('mkfifo', [project.path('pipe')]);
    const { exitCode, stderr } = await project.run(['build', '//all', '--events', project.path('pipe')]);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/NO_READER --events: no program reads/)]);
  });

  it('a trace has every action in a slot, the phases, and the critical path', async () => {
    open(sleepers(3, 0.3));
    const file = project.path('trace.json');
    expect((await project.run(['build', '//all', '-j2', '--profile', file])).exitCode).toBe(0);
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: Record<string, unknown>[] };
    const slices = traceEvents.filter(({ ph }) => ph === 'X');
    const named = (cat: string): string[] =>
      slices.filter((slice) => slice['cat'] === cat).map(({ name }) => String(name));
    expect(named('phase')).toEqual(['load', 'analyse', 'execute', 'deliver']);
    expect(named('action').toSorted()).toEqual(['//all Combine', '//s0 Shell', '//s1 Shell', '//s2 Shell']);
    expect(named('critical path').at(-1)).toBe('//all Combine');
    // The third of the sleepers waits for one of the others to end.
    expect(named('critical path').length).toBeGreaterThanOrEqual(2);
    const slots = traceEvents.filter(
      ({ ph, args }) => ph === 'M' && String((args as { name?: string }).name).startsWith('slot'),
    );
    expect(slots).toHaveLength(2);
  });
});
