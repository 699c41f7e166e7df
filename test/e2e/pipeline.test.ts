/** The real pipeline on the stand-in guest, from a store that has built nothing: what is built, what is built again, and what boots. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session, TestStore, type Built, type Project } from '../rig/index.ts';
import { CONTROLS, pipelineProject } from '../rig/pipeline.ts';

/** Of the machine in examples/cloud-host; nothing that is built knows it. */
const HOST_MAC = '52:54:00:77:88:99';
const OTHER_MAC = '52:54:00:aa:bb:cc';
/** Blocks of 1 MiB: superblocks, journal, inode tables, logs. */
const MOST_BLOCKS_OF_A_BOOT = 20;

let store: TestStore;
let project: Project;
let first: Built;

function output(...names: string[]): string {
  return project.path('dsmb-out', ...names);
}

function keyOf({ report }: Built, label: string, mnemonic: string): string | null | undefined {
  return report?.actions.find((action) => action.label === label && action.mnemonic === mnemonic)?.key;
}

const label = (name: string): string => `//${CONTROLS}:${name}`;

/** What is kept of an action that failed: its log if it said anything, logs and pictures of its machine if one started. */
function evidence(stderr: string, label: string): string[] {
  const [, key] = new RegExp(`error [^]*?${label} [^]*?key: ([0-9a-f]{16})`).exec(stderr) ?? [];
  if (key === undefined) throw new Error(`no key of ${label} in:\n${stderr}`);
  const folder = join(store.folder, 'logs', key);
  return existsSync(folder) ? readdirSync(folder) : [];
}

beforeAll(async () => {
  store = new TestStore('with tools');
  project = pipelineProject(store);
  first = await project.build(['//cloudTarball']);
  if (first.exitCode !== 0) throw new Error(`the first build fails:\n${first.stderr}`);
});

afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

describe('the first build', () => {
  it('succeeds, and everything runs', () => {
    expect(first.stderr).toMatch(/build succeeded/);
    expect(first.exitCode).toBe(0);
    expect(first.report?.success).toBe(true);
    expect(first.report?.actions.filter(({ outcome }) => outcome !== 'executed')).toEqual([]);
    expect(first.executed).toEqual(
      expect.arrayContaining(['//bootableDisk', '//cloudTarball', '//guest:pat', '//installedDisk', '//verifiedDisk']),
    );
  });

  it('makes an archive that its SHA256SUMS vouches for', () => {
    expect(readdirSync(output('cloudTarball')).toSorted()).toEqual(['SHA256SUMS', 'dsm.tar.gz', 'manifest.json']);
    const checked = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: output('cloudTarball') });
    expect(checked.toString()).toContain('dsm.tar.gz: OK');
    const members = execFileSync('tar', ['--list', '--file', output('cloudTarball', 'dsm.tar.gz')]);
    expect(members.toString()).toBe('disk.raw\n');
  });

  it('makes a disk that a person can boot, GRUB on the terminal, without a change to it', async () => {
    // The port may be taken by another program of this machine.
    project.edit('build.dsm.ts', ', ports: [5000]', '');
    const session = new Session(project, ['run', '//bootedDisk']);
    await session.until('GNU GRUB');
    session.type('\u0001x');
    expect(await session.ended()).toBe(0);
    expect((await project.build(['//cloudTarball'])).executed).toEqual([]);
  });

  it('leaves no process and no sandbox', async () => {
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });
});

describe('the next builds', () => {
  it('run nothing when nothing changed', async () => {
    const second = await project.build(['//cloudTarball']);
    expect(second.exitCode).toBe(0);
    expect(second.executed).toEqual([]);
  });

  it('run what reads the MAC when that changes, and nothing else', async () => {
    const changed = await project.build(['//cloudTarball', '--set', `mac=${OTHER_MAC}`]);
    expect(changed.exitCode).toBe(0);
    expect(changed.executed).toEqual([
      '//bootPartition',
      '//bootableDisk',
      '//cloudTarball',
      '//grubConfig',
      '//verifiedDisk',
    ]);
    expect(keyOf(first, '//installedDisk', 'InstallDisk')).toMatch(/^[0-9a-f]{64}\/\d+$/);
    expect(keyOf(changed, '//installedDisk', 'InstallDisk')).toBe(keyOf(first, '//installedDisk', 'InstallDisk'));
    expect(keyOf(changed, '//bootableDisk', 'BootableDisk')).not.toBe(keyOf(first, '//bootableDisk', 'BootableDisk'));
  });

  it('run nothing when it is set back', async () => {
    expect((await project.build(['//cloudTarball'])).executed).toEqual([]);
  });

  it('lay settings that are known late over the installed system, and install nothing', async () => {
    project.write('late/etc/motd', 'Welcome.\n');
    const changed = await project.build(['//systemDisk', '--set', 'settings=late']);
    expect(changed.executed).toEqual(['//systemDisk']);
    const { stdout } = await project.run(['disk', 'cat', '//systemDisk', 'p1:/etc/motd', '--set', 'settings=late']);
    expect(stdout).toBe('Welcome.\n');
  });

  it('run nothing when a comment changes in a build file, a rule or a step', async () => {
    for (const path of ['build.dsm.ts', 'guest/build.dsm.ts', 'guest/pat.ts', 'guest/pat.step.ts'])
      project.write(path, `/* one more comment */\n${project.read(path)}`);
    expect((await project.build(['//cloudTarball'])).executed).toEqual([]);
  });
});

describe('what the verification saw', () => {
  beforeAll(async () => {
    const built = await project.build(['//verifiedDisk', '//mdadmConf', '//guest:pat', '--set', `mac=${OTHER_MAC}`]);
    expect(built.executed).toEqual([]);
  });

  it('is the installed system, on layout 8, with the MAC', () => {
    const report: unknown = JSON.parse(readFileSync(output('verifiedDisk', 'report.json'), 'utf8'));
    expect(report).toMatchObject({ screen: 'system', partitionVersion: 8, mac: OTHER_MAC });
    const console = readFileSync(output('verifiedDisk', 'console.log'), 'utf8');
    expect(console).toMatch(/Partition Version=8/);
    expect(console).toMatch(new RegExp(`DSM-READY .*mac=${OTHER_MAC}`));
  });

  it('is the same where UEFI starts it', () => {
    const report: unknown = JSON.parse(readFileSync(output('verifiedDisk/efi/report.json'), 'utf8'));
    expect(report).toMatchObject({ screen: 'system', partitionVersion: 8, mac: OTHER_MAC });
    expect(readFileSync(output('verifiedDisk/efi/console.log'), 'utf8')).toMatch(/UEFI|BdsDxe/);
  });

  it('is pictured in a whole PNG', () => {
    const chunks = pngChunks(readFileSync(output('verifiedDisk', 'screen.png')));
    expect(chunks[0]).toBe('IHDR');
    expect(chunks).toContain('IDAT');
    expect(chunks.at(-1)).toBe('IEND');
  });

  it("has the arrays under the names that the guest's own mdadm prints", () => {
    const console = readFileSync(output('verifiedDisk', 'console.log'), 'utf8');
    const seenInside = [...console.matchAll(/MDADM-SCAN: (ARRAY \/dev\/md[01] [^\r\n]*)/g)].map(([, line]) => line);
    const readOffline = readFileSync(output('mdadmConf', 'mdadm.conf'), 'utf8').split('\n');
    expect(seenInside).toHaveLength(2);
    expect(readOffline.filter((line) => /^ARRAY \/dev\/md[01] /.test(line))).toEqual(seenInside);
  });
});

describe('disks that must not, and may, boot', { tags: 'long' }, () => {
  let built: Built;

  beforeAll(async () => {
    const names = ['unpatched', 'wrongUuid', 'unpatchedIsNotInstalled', 'overIde', 'otherModel'];
    built = await project.build(['--keep-going', ...names.map(label)]);
  });

  const outcome = (name: string) => built.report?.actions.find((action) => action.label === label(name))?.outcome;

  it.each(['unpatched', 'wrongUuid'])('ends in the install screen: %s', (name) => {
    expect(outcome(name)).toBe('executed');
    const report: unknown = JSON.parse(readFileSync(output(CONTROLS, name, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ screen: 'install', status: 'sys_crash', partitionVersion: 0 });
  });

  it('fails the verification in that case', () => {
    expect(outcome('unpatchedIsNotInstalled')).toBe('failed');
    expect(built.stderr).toMatch(/error VERIFY_FAILED .*unpatchedIsNotInstalled \(VerifyDisk\).*install screen/);
    expect(evidence(built.stderr, label('unpatchedIsNotInstalled'))).toContain('console.log');
    expect(outcome('otherModel')).toBe('failed');
    expect(built.exitCode).toBe(1);
  });

  it('boots over IDE too', () => {
    expect(outcome('overIde')).toBe('executed');
    expect(readFileSync(output(CONTROLS, 'overIde', 'console.log'), 'utf8')).toMatch(/Partition Version=8/);
  });
});

describe('a machine with other disks', { tags: 'long' }, () => {
  interface Report {
    readonly volumes: readonly string[];
    readonly dataDisks: readonly { readonly changedBlocks: number }[];
  }

  async function reportOf(name: string): Promise<Report> {
    const { stderr } = await project.build([label(name)]);
    expect(stderr).toMatch(/build succeeded/);
    return JSON.parse(readFileSync(output(CONTROLS, name, 'report.json'), 'utf8')) as Report;
  }
  const changed = ({ dataDisks }: Report) => dataDisks.map(({ changedBlocks }) => changedBlocks > 0);

  it('has the volumes that were named, wherever the disks are, and its own UUIDs; all else stays untouched', async () => {
    const report = await reportOf('namedVolumes');
    expect(report.volumes).toEqual(['/volume1', '/volume2', '/volume3']);
    expect(changed(report)).toEqual([true, true, false, false]);
    const console = readFileSync(output(CONTROLS, 'namedVolumes', 'console.log'), 'utf8');
    expect(console).toMatch(/MDADM-SCAN: ARRAY \/dev\/md0 .*UUID=11111111:aaaa4bbb:8ccc0000:00000001/);
  });

  it('has those that its own system made, where only their number was told; and a second network card', async () => {
    const report = await reportOf('countedVolumes');
    expect(report).toMatchObject({ volumes: ['/volume1', '/volume2'], readyOtherMacs: ['52:54:00:00:00:02'] });
    expect(changed(report)).toEqual([true, false, false, false]);
  });

  it('has a file system that was named, and starts no array for it', async () => {
    const report = await reportOf('fileSystemAlone');
    expect(report.volumes).toEqual(['/volume1', '/volume2']);
    expect(changed(report)).toEqual([false, true, false, false]);
  });

  it('starts no array in the place of one that is named and not there', async () => {
    const report = await reportOf('absentArray');
    expect(report.volumes).toEqual(['/volume1', '/volume3']);
    expect(changed(report)).toEqual([false, true, false, false]);
  });

  it('has none of them where nobody told of any', async () => {
    const report = await reportOf('untoldVolumes');
    expect(report.volumes).toEqual(['/volume1']);
    expect(changed(report)).toEqual([false, false, false, false]);
  });
});

describe('an installation', () => {
  it('refuses the archive of another model before a machine starts', async () => {
    const { report, stderr, exitCode } = await project.build([label('otherModel')]);
    expect(report?.actions.find((action) => action.label === label('otherModel'))?.outcome).toBe('failed');
    expect(stderr).toMatch(/error PAT_MODEL_MISMATCH .*DS3617xs 6\.1\.7-15284.*DS3615xs/);
    expect(exitCode).toBe(1);
    expect(evidence(stderr, label('otherModel'))).toEqual([]);
  });

  it('refuses a damaged archive before a machine starts', async () => {
    const bytes = readFileSync(output('guest', 'pat', 'stand-in.pat'));
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 0xff;
    project.write('damaged.pat', bytes);
    const { stderr, exitCode } = await project.build(['//installedDisk', '--set', 'pat=damaged.pat']);
    expect(stderr).toMatch(/error PAT_CHECKSUM .*damaged/);
    expect(exitCode).toBe(1);
    expect(evidence(stderr, '//installedDisk')).toEqual([]);
  });
});

describe('machines that write to a disk', { tags: 'long' }, () => {
  beforeAll(async () => {
    const { stderr, exitCode } = await project.build([label('scribbled'), label('settled')]);
    expect(stderr).toMatch(/build succeeded/);
    expect(exitCode).toBe(0);
  });

  it('leave only the blocks that they wrote to be read, hashed and stored', async () => {
    const { stdout } = await project.run(['log', label('scribbled')]);
    expect(stdout).toMatch(/"written":2,/);
    const difference = await project.run(['disk', 'diff', '//bootableDisk', label('scribbled')]);
    expect(difference.stdout).toMatch(/in 3 ranges/);
  });

  it('may boot it: the system has started once, and little has changed', async () => {
    const { stdout } = await project.run(['log', label('settled')]);
    const [, changed = '', linked = ''] = /(\d+) blocks of 1 MiB changed, (\d+) links/.exec(stdout) ?? [];
    expect(Number(changed)).toBeGreaterThan(0);
    expect(Number(changed)).toBeLessThan(MOST_BLOCKS_OF_A_BOOT);
    expect(Number(linked)).toBeGreaterThan(0);
    const { stdout: log } = await project.run(['disk', 'diff', '//bootableDisk', label('settled')]);
    expect(log).toMatch(/^p1 Linux RAID: changed/m);
    expect(log).not.toMatch(/removed|added/);
  });

  it('never write to the raw file that they share', async () => {
    const { stdout } = await project.run(['disk', 'info', '//bootableDisk', '--json']);
    const [hash = ''] = (JSON.parse(stdout) as { digest: string }).digest.split('/');
    const kept = join(store.folder, 'disks.v1', `${hash}.raw`);
    expect(await project.run(['disk', 'diff', '//bootableDisk', kept])).toMatchObject({
      exitCode: 0,
      stdout: 'the disks are equal\n',
    });
  });
});

describe('a rented host', () => {
  const installer = (): string[] => ['', 'blocks'].flatMap((folder) => readdirSync(output('cloudInstaller', folder)));

  it('becomes the NAS by one command on its console, after a look that writes nothing, also over a power cut', async () => {
    const { stderr } = await project.build(['//examples/cloud-host:resumedHost']);
    expect(stderr).toMatch(/build succeeded/);
    const report: unknown = JSON.parse(readFileSync(output('examples/cloud-host/resumedHost/report.json'), 'utf8'));
    expect(report).toMatchObject({ mac: HOST_MAC, seconds: { ready: expect.any(Number) } });
  });

  it('needs one more block for another MAC address', async () => {
    await project.build(['//cloudInstaller']);
    const manifest: unknown = JSON.parse(readFileSync(output('cloudInstaller/manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ boot: ['bios', 'efi'] });
    const before = new Set(installer());
    const { exitCode } = await project.build(['//cloudInstaller', '--set', `mac=${OTHER_MAC}`]);
    expect(exitCode).toBe(0);
    const added = installer().filter((name) => !before.has(name));
    expect(added.map((name) => name.replace(/[0-9a-f]{64}/, 'DIGEST')).toSorted()).toEqual([
      'DIGEST.gz',
      'manifest-DIGEST.json',
    ]);
    expect((await project.run(['log', '//cloudInstaller'])).stdout).toMatch(/\b1 of \d+ blocks compressed/);
  });
});

/** Names of a PNG's chunks; fails where a checksum is wrong. */
function pngChunks(bytes: Buffer): string[] {
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const names: string[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    names.push(bytes.toString('latin1', at + 4, at + 8));
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return names;
}
