/** The examples of the documentation as files of a project. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, type Files } from './project.ts';

/** All files of `examples/<name>`, and the lock of this repository. */
export function example(name: string): Files {
  const folder = join(CHECKOUT, 'examples', name);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  const texts = files.map((path) => [path, readFileSync(join(folder, path), 'utf8')] as const);
  const lock = readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8');
  return { ...Object.fromEntries(texts), 'toolchain.lock.json': lock };
}
