/** `dsmb run //deploy`: with a real sshd, a script of the test's own, and web servers in place of the host's two pages. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';
import { makeInstaller } from '../rig/made-installer.ts';
import { freePort, SshServer } from '../rig/ssh-server.ts';
import { TerminalRun } from '../rig/terminal.ts';

const INSTALLING = (lines: string, stage = 'writing') =>
  `<!doctype html><title>dsmb installs</title><h1>${stage}</h1><pre>${lines}</pre>`;
const SYSTEM = '<!doctype html><html lang="en"><h1>It runs</h1></html>';
const COUNTS = `echo "called: $*, $(ls blocks | wc -l) blocks"`;

let store: TestStore;
let host: SshServer;
let project: Project;
let home: string;
let ports: readonly [number, number];
const pages: Server[] = [];

beforeAll(async () => {
  store = new TestStore();
  host = await SshServer.start({ commands: inject('commands'), toolchain: inject('toolchains')['ssh'] ?? '' });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  store[Symbol.dispose]();
});
beforeEach(async () => {
  project = new Project(store, {
    'toolchain.lock.json': readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8'),
  });
  home = project.path('home');
  mkdirSync(home);
  ports = [await freePort(), await freePort()];
});
afterEach(async () => {
  for (const page of pages.splice(0)) await closed(page);
  project[Symbol.dispose]();
});

async function serve(port: number, body: string): Promise<Server> {
  const server = createServer(({ url }, answer) => void answer.writeHead(url === '/' ? 200 : 404).end(body));
  pages.push(server.listen(port, '127.0.0.1'));
  await once(server, 'listening');
  return server;
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

const call = (...words: string[]): string[] => [
  ...['run', '//deploy', '--', 'root@127.0.0.1', '--port', `${host.port}`, '--pages', ports.join()],
  ...words,
];
const deploy = (...words: string[]) => project.run(call(...words), { env: { HOME: home, SSH_AUTH_SOCK: '' } });
const sent = (): string[] => readdirSync(join(host.home, 'dsmb-deploy'), { recursive: true, encoding: 'utf8' });

it('sends the blocks, runs the script at the terminal, follows the page, and ends when the system answers', async () => {
  host.allow(home, { key: true });
  makeInstaller(project, '525400000001', `${COUNTS}\nprintf 'Type yes: '; read -r answer </dev/tty; echo "so $answer"`);
  const installing = await serve(ports[0], INSTALLING('the disk is /dev/vda\nwriting: 47 %'));
  const terminal = new TerminalRun(project, call(), { env: { HOME: home }, columns: 200 });
  await terminal.untilWritten(/Type yes: /);
  terminal.type('yes\r');
  await terminal.untilWritten(/writing: 47 %/);
  await closed(installing);
  await serve(ports[1], SYSTEM);
  expect(await terminal.ended()).toBe(0);
  expect(terminal.output).toContain(`it borrows ${home}/.ssh (read-only)`);
  expect(terminal.output).toMatch(
    /sending 8 of 8 files[^]*called: --folder \., 3 blocks[^]*so yes[^]*the disk is \/dev\/vda/,
  );
  expect(terminal.output).toMatch(new RegExp(`http://127\\.0\\.0\\.1:${ports[1]}/ is up`));
});

it('sends what is not there yet, and with an address the script alone', { tags: 'long' }, async () => {
  host.allow(home, { key: true });
  makeInstaller(project, '525400000002', COUNTS);
  await deploy('--dry-run');
  makeInstaller(project, '525400000003', COUNTS);
  const { stdout, exitCode } = await deploy('--dry-run');
  expect(stdout).toMatch(/sending 4 of 8 files/);
  expect(exitCode).toBe(0);
  const other = await deploy('--url', 'http://host/nas', '--dry-run');
  expect(other.stdout).toMatch(/sending 1 of 1 files[^]*called: --url http:\/\/host\/nas --dry-run/);
  await deploy('--undo');
  expect(existsSync(join(host.home, 'dsmb-deploy'))).toBe(false);
});

it('ends as the script ends', async () => {
  host.allow(home, { key: true });
  makeInstaller(project, '525400000004', 'echo "This machine cannot become the NAS as it is"; exit 1\n');
  const { stdout, exitCode } = await deploy("--mac=it's");
  expect(stdout).toMatch(/cannot become the NAS as it is\n$/);
  expect(exitCode).toBe(1);
  expect(sent()).toContain('install.sh');
});

it('logs in with a key that only the agent has', { tags: 'long' }, async () => {
  host.allow(home, { key: false });
  makeInstaller(project, '525400000005', COUNTS);
  const socket = await host.agent();
  const { stdout, stderr } = await project.run(call('--dry-run'), { env: { HOME: home, SSH_AUTH_SOCK: socket } });
  expect(stderr).toContain(`it borrows ${socket} (and may talk to it)`);
  expect(stdout).toMatch(/called: --folder \. --dry-run/);
});

it('says where the installer has stopped', async () => {
  host.allow(home, { key: true });
  makeInstaller(project, '525400000006', COUNTS);
  await serve(ports[0], INSTALLING('no disk has the table id\nnothing on any disk was changed', 'stopped'));
  const { stderr, exitCode } = await deploy('--yes');
  expect(stderr).toMatch(/error DEPLOY_STOPPED the installer has stopped[^]*no disk has the table id/);
  expect(exitCode).not.toBe(0);
});

it('says that nothing answers', { tags: 'long' }, async () => {
  host.allow(home, { key: true });
  makeInstaller(project, '525400000007', COUNTS);
  const { stderr, exitCode } = await deploy('--yes', '--patience', '0.02');
  expect(stderr).toMatch(/error DEPLOY_SILENT for 0 minutes, neither http:\/\/127[^]*provider's firewall/);
  expect(exitCode).not.toBe(0);
});

it('says that ssh does not let it in', async () => {
  writeFileSync(project.path('home/nothing'), '');
  makeInstaller(project, '525400000008', COUNTS);
  const { stderr, exitCode } = await deploy('--yes');
  expect(stderr).toMatch(/error DEPLOY_FAILED ssh does not reach root@127\.0\.0\.1/);
  expect(exitCode).not.toBe(0);
});

it.each<[string[], RegExp]>([[['a', '--port', 'x'], /'x' is no port/]])('refuses %j', refuses);
it.each<[string[], RegExp]>([
  [[], /it takes one host/],
  [['a', 'b'], /it takes one host/],
  [['a', '--pages', '80'], /--pages takes two ports/],
  [['a', '--patience', '-1'], /--patience takes minutes/],
])('refuses %j', { tags: 'long' }, refuses);

async function refuses(words: readonly string[], says: RegExp): Promise<void> {
  makeInstaller(project, '525400000009', COUNTS);
  const { stderr } = await project.run(['run', '//deploy', '--', ...words], { env: { HOME: home } });
  expect(stderr).toMatch(says);
}
