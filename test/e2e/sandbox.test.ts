/** What an action sees, and what it may leave: its declared inputs and outputs, and nothing else. */
import { symlinkSync } from 'node:fs';
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

  it('nothing above its inputs, and symlinks in them as they are', { tags: 'long' }, async () => {
    using project = new Project(store, {
      ...countingRules(),
      'beside.txt': 'secret',
      'files/inside.txt': 'inside\n',
      'build.dsm.ts': `
        import { folder } from 'dsmb';
        import { shell } from './rules.ts';
        export const made = shell({
          of: [folder('files')],
          script: 'cd /in/0; for path in ../beside.txt ../../beside.txt inner; do cat $path || echo none; done >/out/file 2>/tmp/x',
        });`,
    });
    symlinkSync('inside.txt', project.path('files/inner'));
    expect((await project.build(['//made'])).exitCode).toBe(0);
    expect(project.read('dsmb-out/made/file')).toBe('none\nnone\ninside\n');
  });

  it('no time zone, home, user, group or name of the machine', async () => {
    const { out } = await script(
      'date -u +%Z >/out/file; date +%Z >>/out/file; echo ~ $HOME >>/out/file; id -u >>/out/file; uname -n >>/out/file; ls /home /root >>/out/file 2>/dev/null; :',
    );
    expect(out).toBe('UTC\nUTC\n/tmp /tmp\n0\ndsmb\n');
    const { exitCode } = await script('ls /usr/share/zoneinfo/*', "env: { TZ: 'Asia/Shanghai' }");
    expect(exitCode).toBe(1);
  });

  it('no way to the processes of others: not by signal, not by memory, not by /proc', async () => {
    const { out } = await script(
      `kill -0 ${process.pid} 2>/dev/null && echo reached; cat /proc/${process.pid}/environ 2>/dev/null; ls /proc/1/root/home 2>/dev/null; echo done >/out/file`,
    );
    expect(out).toBe('done\n');
  });

  it('one time of modification and one owner, whatever they are on the machine', async () => {
    const { out } = await script('stat -c "%Y %u:%g" / /in /in/0 /usr/bin /usr/bin/dash | sort -u >/out/file');
    expect(out).toMatch(/^\d+ 0:0\n$/);
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

  it('no process but its own', { tags: 'long' }, async () => {
    const { out } = await script('echo /proc/[0-9]* >/out/file');
    expect(out.trim().split(' ').length).toBeLessThan(5);
    expect(out).not.toContain(`/proc/${process.pid}`);
  });

  it('a private /tmp that starts empty', { tags: 'long' }, async () => {
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
        import { attr, File, rule } from 'dsmb';
        export const reach = rule({
          name: 'reach',
          makes: File,
          attributes: { port: attr.integer },
          implement: ({ port }, actions) => actions.step({
            mnemonic: 'Reach',
            module: () => import('./reach.step.ts'),
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
    const { exitCode, stderr } = await script('echo to another place | tee /tmp/file');
    expect(stderr).toMatch(
      /error OUTPUT_MISSING \/\/made \(Shell\).* file\n {2}build\.dsm\.ts:\d+:\d+\n[^]*hint: it must write \/out\/\S*file/,
    );
    expect(stderr).toMatch(/command: \/bin\/dash[^]*last lines of its log:\n {2}to another place\n {2}full log: /);
    expect(exitCode).toBe(1);
  });

  it('nothing else: an undeclared output is an error that names it', async () => {
    const { exitCode, stderr } = await script('echo 1 >/out/file; echo 2 >/out/more');
    expect(stderr).toMatch(/error OUTPUT_UNDECLARED \/\/made \(Shell\) wrote more,/);
    expect(exitCode).toBe(1);
  });

  it('what has the declared shape', { tags: 'long' }, async () => {
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

describe('an action that looks for what it does not have', () => {
  const files = {
    'src/foo.h': 'int foo;\n',
    'src/a.c': 'a\n',
    'step.step.ts': `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { step } from 'dsmb/step';
      export default step<{ args: { path: string }; inputs: never; outputs: 'out' }>(async ({ args, outputs }) => {
        const { path } = args;
        const content = path.startsWith('https:') ? await (await fetch(path)).text() : readFileSync(path);
        writeFileSync(outputs.out, content);
      });`,
    'reader.ts': `
      import { attr, File, rule } from 'dsmb';
      export const reader = rule({
        name: 'reader',
        makes: File,
        attributes: {
          path: attr.string,
          sources: attr.optional(attr.oneOf(attr.list(attr.target), attr.record(attr.target))),
        },
        implement: ({ path, sources = [] }, actions) =>
          actions.step({
            mnemonic: 'Read',
            module: () => import('./step.step.ts'),
            args: { path },
            inputs: Object.fromEntries(Object.entries(sources)),
            outputs: { out: { name: 'out', kind: File } },
          }).out,
      });`,
  };

  /** What a build of one target says. */
  async function said(declaration: string): Promise<string> {
    using project = new Project(store, {
      ...countingRules(),
      ...files,
      'build.dsm.ts': `import { file, folder } from 'dsmb';
import { shell } from './rules.ts';
import { reader } from './reader.ts';
export const made = ${declaration.replaceAll('WORKSPACE', '${new URL(".", import.meta.url).pathname}')};
`,
    });
    const { exitCode, stderr } = await project.build(['//made']);
    expect(exitCode).toBe(1);
    return stderr;
  }

  it.each([
    ['a path of the workspace', "shell({ script: 'cat src/foo.h',\n  of: [file('src/a.c')] })"],
    ['a place among the inputs', "shell({ script: 'cat /in/foo.h',\n  of: [file('src/a.c')] })"],
  ])('is told the file and the attribute: %s', isToldTheAttribute);

  it.each([
    ['a neighbour of an input', "shell({ script: 'cat /in/0/../foo.h',\n  of: [file('src/a.c')] })"],
    ['a neighbour by its name', "shell({ script: 'cat foo.h',\n  of: [file('src/a.c')] })"],
    ['an absolute path', "shell({ script: `cat WORKSPACEsrc/foo.h`,\n  of: [file('src/a.c')] })"],
  ])('is told the file and the attribute: %s', { tags: 'long' }, isToldTheAttribute);

  async function isToldTheAttribute(_name: string, declaration: string): Promise<void> {
    const text = await said(declaration);
    expect(text).toContain(
      'error UNDECLARED_INPUT //made (Shell): it looked for src/foo.h, which is not among its inputs',
    );
    expect(text).toMatch(/build\.dsm\.ts:5:3\n/);
    expect(text).toContain("hint: add file('src/foo.h') to the attribute `of` of //made");
  }

  it('is told so of a step, too', { tags: 'long' }, async () => {
    const text = await said("reader({ path: `WORKSPACEsrc/foo.h`,\n  sources: [file('src/a.c')] })");
    expect(text).toContain('error UNDECLARED_INPUT //made (Read): it looked for src/foo.h,');
    expect(text).toContain("add file('src/foo.h') to the attribute `sources` of //made");
  });

  it(
    'without a source among its attributes is told the attribute of its inputs, or what its rule needs',
    { tags: 'long' },
    async () => {
      const onTarget = await said("shell({ script: 'cat src/foo.h',\n  of: [shell({ script: 'echo >/out/file' })] })");
      expect(onTarget).toMatch(/build\.dsm\.ts:5:3\n/);
      expect(onTarget).toContain("hint: add file('src/foo.h') to the attribute `of` of //made");
      const alone = await said("shell({ script: 'cat src/foo.h' })");
      expect(alone).toContain("hint: give file('src/foo.h') to an attribute of //made; if none becomes an input,");
      expect(alone).toMatch(/the rule shell needs one .* in `inputs` of the action Shell\n/);
    },
  );

  it('is told which inputs it has when it looks for another, in a step as well', async () => {
    const step = await said("reader({ path: '/in/source', sources: { sources: file('src/a.c') } })");
    expect(step).toContain(
      "error UNDECLARED_INPUT //made (Read): it looked for /in/source, but has no input 'source'\n  build.dsm.ts:4:21",
    );
    expect(step).toMatch(/^ {2}ENOENT: no such file or directory, open '\/in\/source'$/m);
    expect(step).toMatch(/hint: did you mean \/in\/sources\? its inputs are sources; the rule reader declares them/);
    expect(await said("shell({ script: 'cat /in/first' })")).toMatch(
      /error UNDECLARED_INPUT [^]*has no input 'first'[^]*hint: it has no inputs; the rule shell declares them/,
    );
  });

  it('is told where an input is that it has, and which toolchain has a program', { tags: 'long' }, async () => {
    expect(await said("shell({ script: 'cat src/a.c', of: [file('src/a.c')] })")).toMatch(
      /error ACTION_FAILED [^]*hint: src\/a\.c is among its inputs, as \/in\/0/,
    );
    expect(await said("shell({ script: 'bwrap' })")).toContain(
      "hint: `bwrap` is in no toolchain of //made (Shell); add toolchain('bubblewrap')",
    );
    expect(await said("shell({ script: 'cat /etc/passwd' })")).toContain('hint: /etc/passwd is a file of this machine');
  });

  it('on the network is told that there is none', async () => {
    const text = await said("reader({ path: 'https://example.org/file' })");
    expect(text).toMatch(
      /error STEP_FAILED .*fetch failed: getaddrinfo EAI_AGAIN example\.org\n[^]*hint: an action has no network: .* file\('…'\)/,
    );
  });

  it('is not accused where nothing of the workspace was meant', { tags: 'long' }, async () => {
    for (const script of ['cat no-such-file', 'cat /tmp/src/foo.h', 'echo src/foo.h; exit 1', 'cat src/none.h']) {
      const text = await said(`shell({ script: '${script}', of: [file('src/a.c')] })`);
      expect([script, text]).toEqual([script, expect.stringMatching(/error ACTION_FAILED (?![^]*hint:)/)]);
    }
  });
});
