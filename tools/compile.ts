/**
 * Compiles what `npm pack` packs into `dist/`: JavaScript and declarations, since Node runs no TypeScript in
 * node_modules, and the files that they find beside themselves.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Used as they are; `.ts` files among them are compiled instead, but for declarations of generated code. */
const AS_THEY_ARE = [
  'guest/**/*',
  'rules/**/*',
  'src/cli/template/**/*',
  'src/page/browser/*.css',
  'cache/reapi/gen/**/*',
];
const SOURCE = /(?<!\.d)\.ts$/;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
// Much quicker than the one with a programming interface, which others need.
const compiler = 'node_modules/typescript-7/bin/tsc';
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.package.json'], { stdio: 'inherit' });
const files = globSync(AS_THEY_ARE).filter((path) => !SOURCE.test(path) && statSync(path).isFile());
for (const path of files) cpSync(path, `dist/${path}`);
const join = ['dist/src/cli/joined/join.js'];
const joined = status === 0 ? spawnSync(process.execPath, join, { stdio: 'inherit' }).status : status;
process.exitCode = joined ?? 1;
