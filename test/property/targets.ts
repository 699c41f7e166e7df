/** A random project as targets, without a build file. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { file, folder, param, Toolchain, type Parameter, type Target, type Value } from 'dsmb';
import { label, type Label } from '../../src/model/label.ts';
import { all, group, large, last, pair, part, worked, write } from './fixture/rules.ts';
import { markOf } from './model/oracle.ts';
import { inputsOf, nameOf, partOf, validationsOf, type Spec, type TargetSpec } from './model/spec.ts';

/** What a build file declares. */
export interface Declared {
  readonly targets: readonly Target[];
  readonly labels: ReadonlyMap<Target, Label>;
  readonly parameter: Parameter<string>;
}

/** Declares a project whose sources lie in a folder. */
export function declare(spec: Spec, root: string): Declared {
  const parameter = param.string({ default: 'unset', doc: 'a text' });
  const targets: Target[] = [];
  for (const [index, target] of spec.targets.entries())
    targets.push(declareTarget(spec, target, index, { root, parameter, targets }));
  const labels = new Map(targets.map((target, index) => [target, label('', nameOf(spec, index))]));
  return { targets, labels, parameter };
}

interface Surroundings {
  readonly root: string;
  readonly parameter: Parameter<string>;
  readonly targets: readonly Target[];
}

function declareTarget(spec: Spec, target: TargetSpec, index: number, { root, parameter, targets }: Surroundings) {
  const text: Value<string> = target.text === undefined ? parameter : `${spec.salt} ${target.text}`;
  const validations = validationsOf(target, index).map((one) => targets[one]!);
  const of = inputsOf(spec, target, index).map((reference) =>
    reference.type === 'target' ? targets[reference.index]! : source(root, reference.path),
  );
  const tool = target.tool ? { tool: folder(pathToFileURL(join(root, 'tool')), Toolchain) } : {};
  const { ending } = target;
  const gathering = { text, mark: markOf(spec, target), of, validations, ...tool };
  switch (target.make) {
    case 'all':
      return all({ ...gathering, ending });
    case 'last':
      return last({ ...gathering, ending });
    case 'pair':
      return pair(gathering);
    case 'write':
      return write({ text, validations, ending });
    case 'large':
      return large({ text, validations, ending });
    case 'worked':
      return worked({ text, of, ending, module: pathToFileURL(join(root, 'lib/work.step.ts')).href, validations });
    case 'group':
      return group({ of, validations });
    case 'part':
      return part({ of: of[0]!, path: partOf(spec, target, index).path, validations });
  }
}

function source(root: string, path: string): Target {
  const url = pathToFileURL(join(root, path));
  return path.startsWith('d') ? folder(url) : file(url);
}
