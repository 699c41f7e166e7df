/** The examples that the documentation quotes, each as a project of its own outside of this repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestProject } from '../../src/testing/index.ts';
import { example } from '../rig/example.ts';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';

test('first-rule: a rule with a step and one with a program; only what changed runs again', async () => {
  using store = new TestStore();
  using project = new Project(store, example('first-rule'));
  const [published, release, sums] = ['//published', '//release', '//sums'];

  const first = await project.build([release, '--frozen']);
  expect(first.stderr).toContain('build succeeded');
  expect(first.executed).toEqual([published, release, sums]);
  expect((await project.build([release])).executed).toEqual([]);

  project.write('checksums.step.ts', `// Only a comment.\n${project.read('checksums.step.ts')}`);
  expect((await project.build([release])).executed).toEqual([]);

  expect((await project.build([sums, '--set', 'algorithm=sha512'])).executed).toEqual([sums]);
  const names = project.read('dsmb-out/sums/SHA512SUMS').match(/(?<=^[0-9a-f]{128} {2}).*$/gm);
  expect(names).toEqual(['NOTICE', 'hello.txt', 'notes.txt']);

  project.write('files/hello.txt', 'Hello again.\n');
  expect((await project.build([release])).executed).toEqual([published, release, sums]);
});

test('debian-cloud: packages installed in a machine, a disk that boots, an archive', { tags: 'long' }, async () => {
  using store = new TestStore();
  const lock = readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8');
  const from = join(CHECKOUT, 'examples/debian-cloud');
  using project = new TestProject({ from, store, files: { 'toolchain.lock.json': lock } });
  const asked = ['//image', '//bootedDisk'];

  const first = await project.build([...asked, '--frozen']);
  expect(first.stderr).toContain('build succeeded');
  expect(first.executed).toEqual(
    [
      '//bootedDisk',
      '//finishedDisk',
      '//firstStage',
      '//image',
      '//initrd',
      '//installedDisk',
      '//unpackedDisk',
    ].toSorted(),
  );
  expect(JSON.parse(project.read('dsmb-out/bootedDisk/report.json'))).toEqual({
    kernel: '6.1.0-56-cloud-amd64',
    packages: expect.any(Number),
    address: '10.0.2.15',
    motd: project.read('late/etc/motd').trim(),
  });
  expect((await project.build(asked)).executed).toEqual([]);

  project.write('late/etc/motd', 'Another day.\n');
  expect((await project.build(asked)).executed).toEqual(['//bootedDisk', '//finishedDisk', '//image']);
  expect(project.read('dsmb-out/bootedDisk/report.json')).toContain('Another day.');

  project.edit('build.dsm.ts', "format: 'qcow2'", "format: 'vmdk'");
  expect((await project.build(['//image'])).executed).toEqual(['//image']);
});
