/** A random project as a build file, as a person would write it. */
import {
  inputsOf,
  nameOf,
  partOf,
  SOURCES,
  textOf,
  validationsOf,
  type Reference,
  type Spec,
  type TargetSpec,
} from './model/spec.ts';

/** The text of `build.dsm.ts`. */
export function buildFile(spec: Spec): string {
  return [
    `// ${spec.comment}`,
    "import { file, folder, param, Toolchain } from 'dsmb';",
    "import { all, group, large, last, pair, part, worked, write } from './rules.ts';",
    "import required from './lib/required.cjs';",
    "import { noun, word } from './lib/word.ts';",
    'const said = [required.word, word, noun].join("");',
    "const parameter = param.string({ default: 'unset', doc: 'a text' });",
    'export { parameter };',
    "const tool = folder('tool', Toolchain);",
    ...SOURCES.map((path) => `const ${path} = ${path.startsWith('d') ? 'folder' : 'file'}('${path}');`),
    ...spec.targets.map((target, index) => `export const ${nameOf(spec, index)} = ${call(spec, target, index)};`),
    '',
  ].join('\n');
}

function call(spec: Spec, target: TargetSpec, index: number): string {
  const names = inputsOf(spec, target, index).map((reference) => nameIn(spec, reference));
  const text = `text: ${target.text === undefined ? 'parameter' : JSON.stringify(textOf(spec, target))}`;
  const ending = `ending: '${target.ending}'`;
  const of = `of: [${names.join(', ')}]`;
  const validations = `validations: [${validationsOf(target, index)
    .map((one) => nameOf(spec, one))
    .join(', ')}]`;
  switch (target.make) {
    case 'write':
    case 'large':
      return `${target.make}({ ${text}, ${ending}, ${validations} })`;
    case 'worked':
      return `worked({ ${text}, ${ending}, ${of}, module: new URL('lib/work.step.ts', import.meta.url).href, ${validations} })`;
    case 'group':
      return `group({ ${of}, ${validations} })`;
    case 'part':
      return `part({ of: ${names[0]}, path: '${partOf(spec, target, index).path}', ${validations} })`;
    default: {
      const tool = target.tool ? ', tool' : '';
      const mark = target.said ? `'${target.mark}' + said` : `'${target.mark}'`;
      const name = target.make === 'pair' ? '' : `, ${ending}`;
      return `${target.make}({ ${text}${name}, mark: ${mark}, ${of}, ${validations}${tool} })`;
    }
  }
}

function nameIn(spec: Spec, reference: Reference): string {
  return reference.type === 'source' ? reference.path : nameOf(spec, reference.index);
}
