/** Writes a checksum for each file of a folder. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fail, sortByCodePoint, step } from 'dsmb/step';

interface Spec {
  readonly args: { readonly algorithm: string };
  readonly inputs: 'files';
  readonly outputs: 'sums';
}

export default step<Spec>(async ({ args, inputs, outputs, progress }) => {
  const entries = readdirSync(inputs.files, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) fail('NOTHING_TO_SUM', 'the folder holds no file', { hint: 'put a file into it' });
  const lines = sortByCodePoint(files).map((file, index) => {
    progress('checksums', (100 * index) / files.length);
    const sum = createHash(args.algorithm).update(readFileSync(file)).digest('hex');
    return `${sum}  ${relative(inputs.files, file)}\n`;
  });
  writeFileSync(outputs.sums, lines.join(''));
});
