/** Node, the npm packages, apt, and what the kernel lets this user do. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { storeRoot } from '../../../cache/store.ts';
import { kvmRefused, readKvmAnswer } from '../../execute/sandbox/kvm-answer.ts';
import { namespaceRemedy, namespacesRefused } from '../../execute/sandbox/namespaces.ts';
import { OWN_PACKAGE } from '../../model/own-files.ts';
import { bad, note, ok, type Checkup } from './check.ts';

const run = promisify(execFile);
const MIN_NODE = 26;
const APT_PROGRAMS = ['apt-get', 'apt-cache', 'dpkg-deb'];
const APT_HELPER = '/usr/lib/apt/apt-helper';
const MIN_OPEN_FILES = 1024;

export const programs: readonly Checkup[] = [
  { name: 'node', look: node, remedy: 'start dsmb with ./dsmb, which brings its own Node' },
  { name: 'npm packages', look: npmPackages, remedy: 'remove node_modules and start ./dsmb again: it installs them' },
  { name: 'apt and dpkg', look: aptPrograms, remedy: 'use a Debian or Ubuntu machine' },
  { name: 'namespaces', look: namespaces, remedy: namespaceRemedy() },
  { name: 'KVM', look: kvm, remedy: 'virtual machines run without it, but slower' },
  { name: 'open files', look: openFiles, remedy: 'ulimit -n 4096' },
];

function node() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < MIN_NODE)
    return bad(`${process.version} is too old`, 'start dsmb with ./dsmb, which brings its own Node');
  return ok(`${process.version} ${process.execPath}`);
}

function npmPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(OWN_PACKAGE, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wrong = Object.entries(dependencies).filter(([name, wanted]) => installed(name) !== wanted);
  if (wrong.length === 0) return ok(`${Object.keys(dependencies).length} packages`);
  const list = wrong.map(([name, wanted]) => `${name} ${wanted} (there: ${installed(name) ?? 'none'})`).join(', ');
  return bad(list, 'remove node_modules and start ./dsmb again: it installs them');
}

function installed(name: string): string | undefined {
  try {
    const file = findPackageJSON(name, import.meta.url);
    return file && (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function aptPrograms() {
  const missing = [...APT_PROGRAMS.filter((name) => !onPath(name)), ...(existsSync(APT_HELPER) ? [] : [APT_HELPER])];
  if (missing.length === 0) return ok(APT_PROGRAMS.join(', '));
  return bad(`missing: ${missing.join(', ')}`, 'use a Debian or Ubuntu machine, or: apt-get install apt dpkg');
}

function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

async function namespaces() {
  const refused = await namespacesRefused();
  if (refused === undefined) return note('cannot be tried without unshare', 'the first build tries it');
  return refused === '' ? ok('this user may make them') : bad(refused, namespaceRemedy());
}

/** A device that opens proves nothing: it may hang every guest. The canary is a guest. */
async function kvm() {
  const slow = 'virtual machines run without it, but slower';
  const refused = kvmRefused();
  if (refused)
    return note(
      refused,
      `${slow}; ${existsSync('/dev/kvm') ? 'sudo adduser $USER kvm, then log in again' : 'enable virtualisation'}`,
    );
  const works = readKvmAnswer(storeRoot())?.works ?? (await tryCanary());
  if (works === undefined) return note('not tried yet: there is no QEMU here', 'the first virtual machine tries it');
  return works ? ok('runs guests') : note('/dev/kvm is there, but guests hang or crawl', slow);
}

async function tryCanary(): Promise<boolean | undefined> {
  const qemu = onPath('qemu-system-x86_64');
  if (!qemu) return undefined;
  const { canary } = await import('../../vm/index.ts');
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-canary-'));
  try {
    const { disk, args, expectedStatus, deadlineMs } = canary('kvm', join(folder, 'canary.img'));
    writeFileSync(join(folder, 'canary.img'), disk);
    const end = await run(qemu, args, { timeout: deadlineMs, killSignal: 'SIGKILL' }).catch((error: unknown) => error);
    return (end as { code?: number }).code === expectedStatus;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openFiles() {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? 'unlimited';
  if (limit !== 'unlimited' && Number(limit) < MIN_OPEN_FILES) return bad(`at most ${limit}`, 'ulimit -n 4096');
  return ok(`at most ${limit}`);
}
