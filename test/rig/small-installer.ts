/** A project that makes an installer of a small disk, built, with the installer's programs unpacked. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Deployment } from '../../rules/disk-archive/describe.ts';
import { CHECKOUT, Project } from './project.ts';
import type { TestStore } from './store.ts';
import { commandOf, unpackInitrd } from './unpacked-initrd.ts';

const text = (path: string): string => readFileSync(join(CHECKOUT, path), 'utf8');

const BUILD = `
import { param } from 'dsmb';
import { cloudInstaller } from 'dsmb/rules';
import { smallDisk } from './small-disk.ts';

export const mac = param.string({ default: '525400C91827', doc: 'twelve digits' });
export const disk = smallDisk({ mac });
export const installer = cloudInstaller({ disk });
export const debian = cloudInstaller({ disk, backend: 'debian' });
`;

/** What is a host's own. */
interface OwnBytes {
  readonly mac: string;
  readonly network?: string;
  readonly diskBytes: number;
}

export class SmallInstaller {
  readonly project: Project;
  /** The folder that a host installs from. */
  readonly folder: string;
  /** SHA-256 of its manifest. */
  readonly manifest: string;
  /** The disk's bytes. */
  readonly image: Buffer;
  /** The writer, and a folder for the PATH that has the curl of the initrd. */
  readonly writer: string;
  readonly commands: string;

  private constructor(project: Project, root: string) {
    this.project = project;
    this.folder = project.output('//installer');
    this.manifest = execFileSync('sha256sum', [join(this.folder, 'manifest.json')], { encoding: 'utf8' }).slice(0, 64);
    this.image = readFileSync(project.path('disk.raw'));
    this.writer = join(root, 'usr/bin/dsmb-writer');
    this.commands = commandOf(root, 'curl');
  }

  /** The disk's bytes as they are on a host: with its own address, its network, and its last partition as large as can be. */
  ownImage({ mac, network = '', diskBytes }: OwnBytes): Buffer {
    const manifest = JSON.parse(readFileSync(join(this.folder, 'manifest.json'), 'utf8')) as Deployment;
    const { macOffset = 0, lastPartition, network: place } = manifest;
    const image = Buffer.from(this.image);
    image.write(mac.replaceAll(':', '').toUpperCase(), macOffset, 'latin1');
    image.write(network, place?.offset ?? 0, 'latin1');
    if (lastPartition)
      image.writeUInt32LE(Math.floor(diskBytes / 512) - lastPartition.start, lastPartition.sectorsOffset);
    return image;
  }

  static async build(store: TestStore): Promise<SmallInstaller> {
    const project = new Project(store, {
      'build.dsm.ts': BUILD,
      'small-disk.ts': text('test/rig/fixture/small-disk.ts'),
      'small-disk.step.ts': text('test/rig/fixture/small-disk.step.ts'),
      'toolchain.lock.json': text('toolchain.lock.json'),
    });
    const { exitCode, stderr } = await project.build(['//installer', '//disk', '--frozen']);
    if (exitCode !== 0) throw new Error(`the installer cannot be built:\n${stderr}`);
    await project.run(['disk', 'export', '//disk', 'disk.raw']);
    const root = project.path('initrd');
    const initrd = readdirSync(project.output('//installer')).find((name) => name.startsWith('initrd-'));
    await unpackInitrd(project.output('//installer', initrd ?? ''), root);
    return new SmallInstaller(project, root);
  }
}
