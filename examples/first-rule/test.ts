/** Tests of a rule, for `dsmb --node --test`: its step alone, and what a build runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runStepHere, TestProject } from 'dsmb/testing';
import checksums from './checksums.step.ts';

test('the step writes a line for each file', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'checksums-'));
  const sums = join(scratch, 'SUMS');
  const files = join(import.meta.dirname, 'files');
  await runStepHere(checksums, { args: { algorithm: 'sha256' }, inputs: { files }, outputs: { sums }, scratch });
  assert.match(readFileSync(sums, 'utf8'), /^[0-9a-f]{64} {2}hello\.txt\n[0-9a-f]{64} {2}notes\.txt\n$/);
  rmSync(scratch, { recursive: true });
});

test('a build runs what changed, and nothing else', async () => {
  using project = new TestProject({ from: import.meta.dirname });
  const both = ['//release', '//sums'];
  assert.deepEqual((await project.build(both)).executed, ['//published', ...both]);
  assert.match(readFileSync(project.output('//sums', 'SHA256SUMS'), 'utf8'), /NOTICE/);
  assert.deepEqual((await project.build(both)).executed, []);

  project.write('files/more.txt', 'One more.\n');
  assert.deepEqual((await project.build(['//sums'])).executed, ['//published', '//sums']);
});

test('a wrong attribute is an error of the build file', async () => {
  using project = new TestProject({ from: import.meta.dirname });
  project.edit('build.dsm.ts', 'files: published, algorithm', "files: published, algorithm, name: 'a/b'");
  const { exitCode, stderr } = await project.build(['//sums']);
  assert.match(stderr, /BAD_ATTRIBUTE.*'a\/b' is a path, not a name/);
  assert.equal(exitCode, 2);
});
