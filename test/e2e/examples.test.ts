/** The examples that the documentation quotes, each as a project of its own outside of this repository. */
import { expect, test } from 'vitest';
import { example } from '../rig/example.ts';
import { Project, TestStore } from '../rig/index.ts';

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
