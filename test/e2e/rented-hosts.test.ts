/** Rented hosts of all kinds in virtual machines: what `install.sh` says on them, and what becomes of them. */
import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestStore, type Project } from '../rig/index.ts';
import { pipelineProject } from '../rig/pipeline.ts';
import { deployToMachine } from '../rig/rented-machine.ts';

/** Of the machine in examples/cloud-host; nothing that is built knows it. */
const HOST_MAC = '52:54:00:77:88:99';
const asTheNas = { mac: HOST_MAC, seconds: { ready: expect.any(Number) } };

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore('with tools');
  project = pipelineProject(store);
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

const output = (path: string): string => project.path('dsmb-out', path);

async function reportOf(name: string, folder = 'examples/cloud-host'): Promise<unknown> {
  const { stderr } = await project.build([`//${folder}:${name}`]);
  expect(stderr).toMatch(/build succeeded/);
  return JSON.parse(readFileSync(output(`${folder}/${name}/report.json`), 'utf8'));
}

describe('a Debian with GRUB', { tags: 'long' }, () => {
  it('becomes the NAS', async () => {
    expect(await reportOf('takenOverHost')).toMatchObject(asTheNas);
  });

  it('becomes the NAS over ssh, with the blocks that were sent along', async () => {
    await project.build(['//examples/cloud-host:hostDisk', '//cloudInstaller']);
    const folder = project.path('rented');
    mkdirSync(folder);
    const { stdout, exitCode } = await deployToMachine({
      ...{ host: output('examples/cloud-host/hostDisk/disk.raw'), installer: output('cloudInstaller'), folder },
      commands: inject('commands'),
      dsmb: (args, home) => project.start(args, { env: { HOME: home, SSH_AUTH_SOCK: '' } }),
    });
    expect(stdout).toMatch(/sending [^]*the host restarts[^]*reading everything back[^]* is up\n$/);
    expect(exitCode).toBe(0);
  });

  it('comes back as it was where the installer cannot be started', async () => {
    expect(await reportOf('spoiledHost')).toMatchObject({ mac: HOST_MAC });
  });

  it('keeps its address without any DHCP, and all of a larger disk', async () => {
    expect(await reportOf('staticHost')).toMatchObject(asTheNas);
  });
});

describe('a host of another kind', { tags: 'long' }, () => {
  it.each(['lvm', 'md', 'btrfs', 'small'])('is told what it can do, and not written to: %s', async (name) => {
    expect(await reportOf(name, 'examples/cloud-host/hosts')).toMatchObject({ mac: HOST_MAC });
  });

  it.each(['extlinux', 'efi'])('becomes the NAS: %s', async (name) => {
    expect(await reportOf(name, 'examples/cloud-host/hosts')).toMatchObject({ kind: name, mac: HOST_MAC });
  });
});

describe('the Debian installer', { tags: 'long' }, () => {
  it('makes a host the NAS from GRUB, with a power cut in between', async () => {
    expect(await reportOf('debianHost')).toMatchObject(asTheNas);
  });

  it('makes a machine the NAS that was started by hand with the address of the preseed', async () => {
    expect(await reportOf('preseededHost')).toMatchObject(asTheNas);
  });
});
