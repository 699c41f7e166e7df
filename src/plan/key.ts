/** The key of an action: the digest of its encoded Remote-Execution-API `Action`. All that is in it is named here. */
import { fileURLToPath } from 'node:url';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { ENVIRONMENT, MOUNT_POINTS, PLATFORM, STEP_COMMAND } from './runtime.ts';
import { originOf } from './parts.ts';
import { baseRoot, Recipe, type Sealed } from './recipe.ts';

export { canonicalJson } from './recipe.ts';

/**
 * An action with all its content known: what runs, where, and the digest that names it. `inputRoot` is the whole root,
 * `base` the part of it that is shared between actions; `inputs` lie in `/in`, `files` in `/dsmb`.
 */
export interface PlannedAction extends Sealed {
  readonly node: ActionNode;
}

/** The content that the key is made of. */
export interface ActionContent {
  readonly inputs: ReadonlyMap<string, Node>;
  /** In the order of the action's own; what the engine adds comes after them. */
  readonly toolchains: readonly Node[];
  /** The bundled step, and the modules that it came from; absent for other work. */
  readonly bundle?: Node;
  readonly modules?: ReadonlyMap<string, string>;
  /** Unsandboxed: the machine whose root file system the action runs on, instead of its input root. */
  readonly machine?: string;
}

/** Makes the key. Pure but for storing files that the engine makes for the action, and the merged toolchains. */
export function planAction(store: Store, node: ActionNode, content: ActionContent, salt = ''): PlannedAction {
  const recipe = new Recipe(store);
  const platform = content.machine ? { ...PLATFORM, 'dsmb-root': content.machine } : PLATFORM;
  for (const [name, value] of Object.entries(platform)) recipe.platform(name, value);
  for (const { name, kind } of Object.values(node.outputs)) recipe.output(name, kind.shape);
  recipe.timeout(node.timeoutMs);
  recipe.salt(salt);
  recipe.mountPoints(MOUNT_POINTS);
  addToolchains(recipe, node, content.toolchains);
  for (const [name, input] of content.inputs) recipe.input(name, input, inputOrigin(node, name));
  addWork(recipe, node, content);
  return { node, ...recipe.seal() };
}

/** The base of actions with these toolchains, known before their inputs are. */
export function baseOf(store: Store, toolchains: readonly Node[]): PlannedAction['base'] {
  return baseRoot(store, MOUNT_POINTS, toolchains);
}

function addToolchains(recipe: Recipe, node: ActionNode, toolchains: readonly Node[]): void {
  for (const [index, tree] of toolchains.entries()) {
    const own = node.toolchains[index];
    const origin = own ? originOf(own) : ({ type: 'runtime' } as const);
    const name = origin.type === 'debian' ? origin.packages.join(' ') : 'label' in origin ? origin.label : origin.type;
    recipe.toolchain(own ? name : 'node', tree, origin);
  }
}

function inputOrigin(node: ActionNode, name: string): ReturnType<typeof originOf> {
  const reference = node.inputs.get(name);
  return reference ? originOf(reference) : { type: 'runtime' };
}

function addWork(recipe: Recipe, { work, outputs }: ActionNode, content: ActionContent): void {
  switch (work.type) {
    case 'write':
      // No process runs: the output is the content, which is in the input root.
      recipe.command(['dsmb-write']);
      return recipe.content(work.content);
    case 'run':
      recipe.command(work.argv);
      return addEnvironment(recipe, { ...ENVIRONMENT, ...work.env });
    case 'step':
      recipe.command(STEP_COMMAND.argv);
      addEnvironment(recipe, STEP_COMMAND.env);
      if (!content.bundle) return;
      recipe.step(fileURLToPath(work.module), content.bundle, content.modules ?? new Map());
      return recipe.request(
        work.args,
        Object.fromEntries(Object.entries(outputs).map(([key, { name }]) => [key, `/out/${name}`])),
      );
  }
}

function addEnvironment(recipe: Recipe, environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) recipe.variable(name, value);
}
