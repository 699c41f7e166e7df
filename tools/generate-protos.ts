/**
 * `npm run generate`: makes cache/reapi/gen from the published protos of the Remote Execution API, with versions
 * pinned here. Needs Go for its module proxy. The tools are not dependencies of the project: nothing else needs them.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = 'github.com/bazelbuild/remote-apis@v0.0.0-20260908115904-76ddd98e1f92';
/** The plugin writes code for the runtime of its own version: the one in package.json. */
const PACKAGES = [
  '@bufbuild/buf@1.75.0',
  '@bufbuild/protobuf@2.17.0',
  '@bufbuild/protoc-gen-es@2.17.0',
  'google-proto-files@6.0.1',
];
const ENTRIES = ['build/bazel/remote/execution/v2/remote_execution.proto', 'google/bytestream/bytestream.proto'];
const GENERATED = fileURLToPath(new URL('../cache/reapi/gen', import.meta.url));

function generate(folder: string): string {
  execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', ...PACKAGES], {
    stdio: 'inherit',
  });
  const packages = join(folder, 'node_modules');
  const download = execFileSync('go', ['mod', 'download', '-json', MODULE], { cwd: folder, encoding: 'utf8' });
  const { Dir: module } = JSON.parse(download) as { Dir: string };
  const protos = join(folder, 'protos');
  cpSync(join(module, 'build'), join(protos, 'build'), { recursive: true });
  for (const name of ['api', 'bytestream', 'longrunning', 'protobuf', 'rpc'])
    cpSync(join(packages, 'google-proto-files', 'google', name), join(protos, 'google', name), { recursive: true });
  writeFileSync(join(protos, 'buf.yaml'), 'version: v2\n');
  const out = join(folder, 'gen');
  const plugin = {
    local: join(packages, '.bin', 'protoc-gen-es'),
    out,
    include_imports: true,
    opt: ['target=js+dts', 'import_extension=js'],
  };
  const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
  const paths = ENTRIES.flatMap((entry) => ['--path', entry]);
  const buf = join(packages, '.bin', 'buf');
  execFileSync(buf, ['generate', '--template', template, ...paths], { cwd: protos, stdio: 'inherit' });
  return out;
}

const folder = mkdtempSync(join(tmpdir(), 'dsmb-protos-'));
try {
  const made = generate(folder);
  rmSync(GENERATED, { recursive: true, force: true });
  cpSync(made, GENERATED, { recursive: true });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
