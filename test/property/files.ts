/** A random project as the files of its workspace. */
import { readFileSync } from 'node:fs';
import { countingRules } from '../rig/index.ts';
import { buildFile } from './build-file.ts';
import { file, folder, put, type Content, type Folder } from './model/content.ts';
import { clashingPackage, type Spec } from './model/spec.ts';

const fixture = (name: string): Content => file(readFileSync(new URL(`./fixture/${name}`, import.meta.url), 'utf8'));
const UNCHANGING = {
  'rules.ts': fixture('rules.ts'),
  'worked.ts': fixture('worked.ts'),
  'lib/required.cjs': file("module.exports = require('./choice');\n"),
  'toolchain.lock.json': file(countingRules()['toolchain.lock.json']!),
};

/** All files of a workspace. */
export function filesOf(spec: Spec): Folder {
  const clashing = clashingPackage(spec);
  const files = {
    ...UNCHANGING,
    'build.dsm.ts': file(buildFile(spec)),
    'dsmb.params.json': file(JSON.stringify({ parameter: spec.parameter })),
    'tool/opt/tool/word': file(`word=${spec.tool}\n`),
    'lib/work.step.ts': file(stepFile(spec)),
    ...(clashing === undefined ? {} : { [`${clashing}/build.dsm.ts`]: file('export {};\n') }),
  };
  const folders = folder({ ...spec.sources.entries, ...spec.modules.entries });
  return Object.entries(files).reduce((of, [path, content]) => put(of, path, content), folders);
}

function stepFile({ step, comment }: Spec): string {
  return [
    `// ${comment}`,
    "import { word as chosen } from './choice';",
    "import { word as led } from 'led';",
    "import { word as noun } from 'noun';",
    "import { worked } from '../worked.ts';",
    `export default worked(['${step.version}', chosen, noun, led]);`,
    '',
  ].join('\n');
}
