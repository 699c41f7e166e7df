/** `dsmb run`: targets with an effect, with the terminal, the arguments and the exit code of the user. */
import { existsSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bootSector } from '../../src/vm/boot-sector.ts';
import { countingRules, Project, Session, TestStore } from '../rig/index.ts';

const EXIT = { ok: 0, buildFailed: 1, usage: 2 } as const;

const WAITING = `process.on('SIGINT', () => { console.log('caught'); process.exit(5); });
console.log('ready'); setInterval(() => {}, 1000);`;

/** One that most likely nobody else has. */
const PORT = 20_000 + (process.pid % 10_000);

const BUILD_FILE = `
import { file } from 'dsmb';
import { BootImage, bootedDisk, program } from 'dsmb/rules';
import { combine, shell } from './rules.ts';

const node = (script: string) => ['node', '-e', script];

export const data = combine({ name: 'data', of: [file('data.txt')] });
export const show = program({
  argv: [...node('console.log(JSON.stringify([process.argv.slice(1), process.env.A, process.cwd()])); process.stdin.pipe(process.stdout)'), 'own'],
  env: { A: 'b' },
  inputs: { data },
});
export const fails = program({ argv: node('console.error("to stderr", require("fs").readFileSync("/in/data", "utf8")); process.exit(7)'), inputs: { data } });
export const offline = program({ argv: node('console.log(Object.keys(require("os").networkInterfaces()).join())') });
export const online = program({ argv: node('console.log(Object.keys(require("os").networkInterfaces()).join())'), network: true });
export const sizes = program({ argv: node('const fs = require("fs"); console.log(JSON.stringify(process.argv.slice(1).map((path) => fs.existsSync(path) && fs.statSync(path).size)))'), network: true });
export const waits = program({ argv: node(${JSON.stringify(WAITING)}) });
export const nothing = program({ argv: ['no-such-program'] });
export const broken = program({ argv: ['true'], inputs: { broken: shell({ script: 'exit 1' }) } });
export const booted = bootedDisk({ disk: file('boot.img', BootImage), ports: [${PORT}] });
`;

const THROWS = `import { step } from 'dsmb/step';
/** Nothing of this is in the bundle. */
export default step<{ args: {}; inputs: never; outputs: never }>(async () => {
  null!.gone;
});
`;
const THROWS_RULE = `import { rule, Runnable } from 'dsmb';
export const throws = rule({
  name: 'throws',
  makes: Runnable,
  implement: (_, actions) =>
    actions.runnable({
      mnemonic: 'Throw',
      module: () => import('./throws.step.ts'),
      args: {},
      inputs: {},
    }),
});
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE, 'data.txt': 'the data\n' });
  project.write('boot.img', Buffer.concat([bootSector('hello from the disk\r\n', 'halt'), Buffer.alloc(1024 * 1024)]));
});
afterEach(async () => {
  expect(await store.processesLeft()).toEqual([]);
  expect(store.names('sandboxes')).toEqual([]);
  project[Symbol.dispose]();
});

describe('a program', () => {
  it('gets the arguments behind --, its environment, and standard input', async () => {
    const session = new Session(project, ['run', '//show', '--', '--help', 'two words']);
    session.type('from the terminal');
    session.endInput();
    expect(await session.ended()).toBe(EXIT.ok);
    expect(session.output).toContain('[["own","--help","two words"],"b","/tmp"]\nfrom the terminal');
  });

  it('gives its exit code, and runs each time; what it needs is built once', async () => {
    project.write('data.txt', `${crypto.randomUUID()}\n`);
    const before = store.runs('data');
    for (let run = 0; run < 2; run++) {
      const { exitCode, stderr } = await project.run(['run', '//fails']);
      expect(exitCode).toBe(7);
      expect(stderr).toContain(`to stderr ${project.read('data.txt')}`);
    }
    expect(store.runs('data') - before).toBe(1);
  });

  it('has the network of the machine only where the rule says so', async () => {
    expect((await project.run(['run', '//offline'])).stdout.trim()).toMatch(/^(lo)?$/);
    const { networkInterfaces } = await import('node:os');
    expect((await project.run(['run', '//online'])).stdout.trim()).toBe(Object.keys(networkInterfaces()).join());
    const files = ['/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs/ca-certificates.crt'];
    const there = files.map((path) => existsSync(path) && statSync(path).size);
    expect(JSON.parse((await project.run(['run', '//sizes', '--', ...files])).stdout)).toEqual(there);
  });

  it('handles Ctrl-C itself', async () => {
    const session = new Session(project, ['run', '//waits']);
    await session.until('ready');
    session.interrupt();
    expect(await session.ended()).toBe(5);
    expect(session.output).toContain('caught');
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('is ended by %s', async (name) => {
    const session = new Session(project, ['run', '//waits']);
    await session.until('ready');
    session.signal(name);
    expect(await session.ended()).not.toBe(EXIT.ok);
  });

  it('that is not there, and an input that cannot be made, are told', async () => {
    const nothing = await project.run(['run', '//nothing']);
    expect(nothing.stderr).toMatch(/error PROGRAM_FAILED no-such-program did not start/);
    expect(nothing.exitCode).toBe(EXIT.buildFailed);
    const broken = await project.run(['run', '//broken']);
    expect(broken.stderr).toMatch(/ACTION_FAILED \/\/broken\.inputs\.broken \(Shell\)/);
    expect(broken.exitCode).toBe(EXIT.buildFailed);
  });
});

describe('a runnable target', () => {
  it('whose step throws shows the line of the step', async () => {
    project.write('throws.step.ts', THROWS);
    project.write('throws.ts', THROWS_RULE);
    project.write('build.dsm.ts', `import { throws } from './throws.ts';\nexport const bad = throws({});\n`);
    const { stderr, exitCode } = await project.run(['run', '//bad']);
    expect(stderr).toMatch(/error STEP_FAILED the step threw: .*'gone'.*\n {2}throws\.step\.ts:4:9\n/);
    expect(exitCode).toBe(EXIT.buildFailed);
  });

  it('is not built: a pattern leaves it out, its label is a mistake', async () => {
    const all = await project.build(['//...']);
    expect(all.exitCode).toBe(EXIT.ok);
    expect(all.report?.actions.map(({ label }) => label)).toEqual(['//data']);
    const one = await project.run(['build', '//show']);
    expect(one.stderr).toMatch(/RUNNABLE \/\/show is run, not built\n\s+hint: dsmb run \/\/show/);
    expect(one.exitCode).toBe(EXIT.usage);
  });

  it('is the only kind that is run', async () => {
    const { stderr, exitCode } = await project.run(['run', '//data']);
    expect(stderr).toMatch(/NOT_RUNNABLE \/\/data is built, not run\n\s+hint: what can be run: .*\/\/show/);
    expect(exitCode).toBe(EXIT.usage);
  });

  it('is one, and what goes to its program stands behind --', async () => {
    const { stderr, exitCode } = await project.run(['run', '//show', 'a', 'b']);
    expect(stderr).toMatch(/USAGE dsmb run takes one target[^]*hint: dsmb run \/\/show -- a b\n/);
    expect(exitCode).toBe(EXIT.usage);
  });

  it('is not an input', async () => {
    project.write('build.dsm.ts', `${BUILD_FILE}\nexport const wrong = combine({ name: 'wrong', of: [show] });\n`);
    const { stderr, exitCode } = await project.run(['build', '//wrong']);
    expect(stderr).toMatch(/RUNNABLE \/\/show \(Program\): it is run, not built/);
    expect(exitCode).toBe(EXIT.buildFailed);
  });
});

it(
  'bootedDisk boots a machine with its console on the terminal, and leaves the disk alone',
  { tags: 'long' },
  async () => {
    const session = new Session(project, ['run', '//booted']);
    await session.until('hello from the disk');
    expect(session.output).toContain('nothing is written to the disk');
    expect(session.output).toContain(`port ${PORT} of the machine: http://127.0.0.1:${PORT}`);
    session.type('\u0001x');
    expect(await session.ended()).toBe(EXIT.ok);
    expect(session.output).toContain('QEMU: Terminated');
  },
);
