/** `dsmb shell`: what a person sees of a sandbox, at a terminal and without one; nothing of it is kept. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
  project = new Project(store, {
    ...countingRules(),
    'source.txt': 'the source\n',
    'bare.ts': `
      import { attr, File, rule } from 'dsmb';
      /** An action whose sandbox has no shell. */
      export const bare = rule({
        name: 'bare',
        makes: File,
        attributes: { of: attr.target },
        implement: ({ of }, actions) =>
          actions.run({
            mnemonic: 'Bare',
            argv: ['/usr/bin/no-such-program'],
            inputs: { of },
            outputs: { out: File },
          }).out,
      });`,
    'build.dsm.ts': `
      import { file } from 'dsmb';
      import { bare } from './bare.ts';
      import { combine, shell, text } from './rules.ts';
      export const source = file('source.txt');
      export const input = combine({ name: 'input', of: [source] });
      export const made = shell({ script: 'cat /in/0 >/out/file; echo "said $OWN"', of: [input], env: { OWN: 'x y' } });
      export const failing = shell({ script: 'echo it fails; exit 3', of: [source] });
      export const broken = shell({ script: 'true', of: [failing] });
      export const written = text({ content: 'x' });
      export const without = bare({ of: source });`,
  });
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

describe('a command in a sandbox', () => {
  it('sees what the action sees, gives its own exit code, and is not cached', async () => {
    const script = 'cat /in/0; echo $OWN; ls /out; echo 1 >/out/file; exit 7';
    const { exitCode, stdout } = await project.run(['shell', '//made', '--', '/bin/dash', '-c', script]);
    expect([exitCode, stdout]).toEqual([7, 'the source\nx y\n']);
    expect(store.runs('input')).toBe(1);
    expect((await project.build(['//made'])).executed).toEqual(['//made']);
    expect(project.read('dsmb-out/made/file')).toBe('the source\n');
  });

  it('can run what the action runs, also of one that fails', async () => {
    const good = await project.run(['shell', '//made', '--', '/dsmb/run']);
    expect([good.exitCode, good.stdout]).toEqual([0, 'said x y\n']);
    const bad = await project.run(['shell', '//failing', '--', '/dsmb/run']);
    expect([bad.exitCode, bad.stdout]).toEqual([3, 'it fails\n']);
  });

  it('takes options that look like ours as its own', { tags: 'long' }, async () => {
    const { stdout } = await project.run(['shell', '//made', '--', '/usr/bin/echo', '--help', '--', '-h']);
    expect(stdout).toContain('--help -- -h');
  });

  it('of a program that the sandbox does not have says which toolchain has it', { tags: 'long' }, async () => {
    const none = await project.run(['shell', '//without', '--', 'no-such-program']);
    expect(none.stderr).toMatch(
      /error NO_PROGRAM .*\/\/without .*'no-such-program'\n {2}hint: look around: dsmb shell/,
    );
    const elsewhere = await project.run(['shell', '//without', '--', 'bwrap']);
    expect(elsewhere.stderr).toMatch(
      /error NO_PROGRAM .*'bwrap'\n {2}hint: `bwrap` is in no toolchain of .*\/\/without.*; add toolchain\('bubblewrap'\)/,
    );
    expect([none.exitCode, elsewhere.exitCode]).toEqual([2, 2]);
  });

  it('of a sandbox without a shell finds busybox', { tags: 'long' }, async () => {
    const { exitCode, stdout } = await project.run(['shell', '//without', '--', '/dsmb/bin/busybox', 'cat', '/in/of']);
    expect([exitCode, stdout]).toEqual([0, 'the source\n']);
  });

  it('is not run where an input fails, or where there is no action', { tags: 'long' }, async () => {
    expect((await project.run(['shell', '//broken', '--', '/usr/bin/true'])).exitCode).toBe(1);
    const { exitCode, stderr } = await project.run(['shell', '//written']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error NO_SHELL //written has no action that runs a program');
    expect((await project.run(['shell', '//made', '--action', 'Nope'])).stderr).toContain('--action Shell');
  });

  it('ends with dsmb, and leaves nothing', async () => {
    const running = project.start(['shell', '//made', '--', '/bin/dash', '-c', 'echo here >&2; sleep 1000']);
    await running.untilSaid('here');
    running.interrupt('SIGTERM');
    expect((await running.finished).exitCode).toBe(143);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });
});

/** Types at a terminal: a program of Python gives one. Every line is typed when the prompt is there. */
function atTerminal(label: string, ...lines: string[]): { readonly text: string; readonly code: number } {
  const program = `
import os, pty, select, sys, time
dsmb, label, *lines = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(dsmb, [dsmb, 'shell', label])
text = b''
def until(wanted, start):
    global text
    end = time.time() + 60
    while wanted not in text[start:] and time.time() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try: text += os.read(terminal, 4096)
            except OSError: return
start = 0
for line in lines:
    until(b' # ', start)
    if line.endswith('^C'):
        os.write(terminal, line[:-2].encode() + b'\\n')
        until(b'ready', len(text))
        start = len(text)
        os.write(terminal, b'\\x03')
    else:
        start = len(text)
        os.write(terminal, line.encode() + b'\\n')
until(b'never', start)
print(text.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
  const env = { ...process.env, ...store.env, NO_COLOR: '1', TERM: 'xterm' };
  const args = ['-c', program, join(CHECKOUT, 'dsmb'), label, ...lines];
  try {
    return {
      text: execFileSync(join(inject('commands'), 'python3'), args, { cwd: project.folder, env, encoding: 'utf8' }),
      code: 0,
    };
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number };
    return { text: stdout, code: status };
  }
}

describe.each([
  ['with a shell of its own', '//made', 'cat /in/0 >/out/file'],
  ['with busybox', '//without', '/usr/bin/no-such-program'],
])('a shell at a terminal, %s', (_name, label, command) => {
  it('greets with what there is, has job control and Ctrl-C, and hands its exit code on', async () => {
    const { text, code } = atTerminal(
      label,
      '[ -t 0 ] && echo "a ter"minal',
      'sh -c "echo rea\\"\\"dy; exec sleep 1000"^C'.replace('sh -c', label === '//made' ? '/bin/dash -c' : 'sh -c'),
      'echo code $?',
      'exit 4',
    );
    expect(text).toContain(command);
    expect(text).toContain('a terminal');
    expect(text).toContain('code 130');
    expect(code).toBe(4);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });
});
