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
    "import { all, group, last, pair, part, worked, write } from './rules.ts';",
    "const parameter = param.string({ default: 'unset', doc: 'a text' });",
    'export { parameter };',
    "const tool = folder('tool', Toolchain);",
    ...SOURCES.map((path) => `const ${path} = ${path.startsWith('d') ? 'folder' : 'file'}('${path}');`),
    ...spec.targets.map((target, index) => `export const ${nameOf(spec, index)} = ${call(spec, target, index)};`),
    '',
  ].join('\n');
}

/** The text of `dsmb.params.json`. */
export function parametersFile({ parameter }: Spec): string {
  return JSON.stringify({ parameter });
}

function call(spec: Spec, target: TargetSpec, index: number): string {
  const names = inputsOf(spec, target, index).map((reference) => nameIn(spec, reference));
  const text = `text: ${target.text === undefined ? 'parameter' : JSON.stringify(textOf(spec, target))}`;
  const of = `of: [${names.join(', ')}]`;
  const validations = `validations: [${validationsOf(target, index)
    .map((one) => nameOf(spec, one))
    .join(', ')}]`;
  switch (target.make) {
    case 'write':
      return `write({ ${text}, ${validations} })`;
    case 'worked':
      return `worked({ ${text}, ${of}, module: new URL('work.step.ts', import.meta.url).href, ${validations} })`;
    case 'group':
      return `group({ ${of}, ${validations} })`;
    case 'part':
      return `part({ of: ${names[0]}, path: '${partOf(spec, target, index).path}', ${validations} })`;
    default: {
      const tool = target.tool ? ', tool' : '';
      return `${target.make}({ ${text}, mark: '${target.mark}', ${of}, ${validations}${tool} })`;
    }
  }
}

function nameIn(spec: Spec, reference: Reference): string {
  return reference.type === 'source' ? reference.path : nameOf(spec, reference.index);
}
