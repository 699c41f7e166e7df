/** What an action sees, and what it may leave: its declared inputs and outputs, and nothing else. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore, type Built } from '../rig/index.ts';

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

/** Builds one action that runs a script of the shell. */
async function script(text: string, options = '', rule = 'shell'): Promise<Built & { out: string }> {
  using project = new Project(store, {
    ...countingRules(),
    'source.txt': 'the source\n',
    'build.dsm.ts': `
      import { file } from 'dsmb';
      import { ${rule} } from './rules.ts';
      export const source = file('source.txt');
      export const made = ${rule}({ script: ${JSON.stringify(text)}, of: [source], ${options} });`,
  });
  const built = await project.build(['//made'], { env: { SECRET_OF_THE_HOST: 'told' } });
  return { ...built, out: built.exitCode === 0 ? project.read('dsmb-out/made/file') : '' };
}

describe('an action sees', () => {
  it('its inputs at /in, read-only', async () => {
    const { out } = await script(
      'cat /in/0 >/out/file; ls /in >>/out/file; echo x 2>/dev/null >>/in/0 || echo denied >>/out/file',
    );
    expect(out).toBe('the source\n0\ndenied\n');
  });

  it('no file of the machine', async () => {
    for (const path of [process.execPath, import.meta.filename, '/etc/passwd', store.folder]) {
      const { out } = await script(`if [ -e ${path} ]; then echo there; else echo hidden; fi >/out/file`);
      expect([path, out]).toEqual([path, 'hidden\n']);
    }
  });

  it('a fixed environment, and what the rule adds', async () => {
    const { out } = await script('env | sort >/out/file', "env: { OWN: 'value' }");
    expect(out.split('\n').filter((line) => !/^(PWD|_|OLDPWD|SHLVL)=/.test(line))).toEqual([
      'HOME=/tmp',
      'LC_ALL=C.UTF-8',
      'OWN=value',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'SOURCE_DATE_EPOCH=1577836800',
      'TMPDIR=/tmp',
      'TZ=UTC',
      '',
    ]);
  });

  it('no process but its own', async () => {
    const { out } = await script('echo /proc/[0-9]* >/out/file');
    expect(out.trim().split(' ').length).toBeLessThan(5);
    expect(out).not.toContain(`/proc/${process.pid}`);
  });

  it('a private /tmp that starts empty', async () => {
    const { out } = await script('ls -A /tmp >/out/file; echo left >/tmp/left; pwd >>/out/file');
    expect(out).toBe('/tmp\n');
    expect((await script('ls -A /tmp >/out/file; pwd >>/out/file')).out).toBe('/tmp\n');
  });

  it('no network', async () => {
    const server = createServer((_request, response) => response.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    using project = new Project(store, {
      ...countingRules(),
      'rules.ts': `
        import { File, rule, stepModule } from 'dsmb';
        export const reach = rule<{ port: number }, 'File'>({
          name: 'reach',
          makes: File,
          implement: ({ port }, actions) => actions.step({
            mnemonic: 'Reach',
            module: stepModule<typeof import('./reach.step.ts').default>(new URL('./reach.step.ts', import.meta.url)),
            args: { port },
            inputs: {},
            outputs: { out: { name: 'out', kind: File } },
          }).out,
        });`,
      'reach.step.ts': `
        import { writeFileSync } from 'node:fs';
        import { networkInterfaces } from 'node:os';
        import { step } from 'dsmb/step';
        export default step<{ args: { port: number }; inputs: never; outputs: 'out' }>(async ({ args, outputs }) => {
          const answer = await fetch('http://127.0.0.1:' + args.port).then(() => 'reached', () => 'unreachable');
          writeFileSync(outputs.out, answer + ' ' + Object.keys(networkInterfaces()).join(' '));
        });`,
      'build.dsm.ts': `
        import { reach } from './rules.ts';
        export const made = reach({ port: ${port} });`,
    });
    const { stderr } = await project.build(['//made']);
    server.close();
    expect(stderr).toMatch(/build succeeded/);
    expect(project.read('dsmb-out/made/out')).toMatch(/^unreachable (lo)?$/);
  });

  it('no device of the machine', async () => {
    const { out } = await script('ls /dev >/out/file');
    expect(out.split('\n')).toContain('null');
    expect(out).not.toMatch(/^(sd|vd|nvme|kvm|loop|mem)/m);
  });
});

describe('an action leaves', () => {
  it('all that it declares: a missing output is an error that names it', async () => {
    const { exitCode, stderr } = await script('echo to another place >/tmp/file');
    expect(stderr).toMatch(/error OUTPUT_MISSING \/\/made \(Shell\).* file\n/);
    expect(exitCode).toBe(1);
  });

  it('nothing else: an undeclared output is an error that names it', async () => {
    const { exitCode, stderr } = await script('echo 1 >/out/file; echo 2 >/out/more');
    expect(stderr).toMatch(/error OUTPUT_UNDECLARED \/\/made \(Shell\) wrote more,/);
    expect(exitCode).toBe(1);
  });

  it('what has the declared shape', async () => {
    const { stderr } = await script('mkdir /out/file');
    expect(stderr).toMatch(/error OUTPUT_SHAPE \/\/made \(Shell\): output file is a folder and should be a file/);
  });

  it('no symlink out of its outputs', async () => {
    const { exitCode, stderr } = await script('mkdir /out/folder; ln -s /usr/bin /out/folder/x', '', 'shellFolder');
    expect(stderr).toMatch(/error OUTPUT_LINK_ESCAPES .*\/out\/folder\/x.*\/usr\/bin/);
    expect(exitCode).toBe(1);
  });

  it('no running process', async () => {
    await script('sleep 1000 & echo done >/out/file');
    expect(await store.processesLeft()).toEqual([]);
  });

  it('nothing of a failed run in the cache', async () => {
    const failing = `echo ${crypto.randomUUID()} >/out/file; exit 3`;
    expect((await script(failing)).exitCode).toBe(1);
    expect((await script(failing)).exitCode).toBe(1);
  });
});
