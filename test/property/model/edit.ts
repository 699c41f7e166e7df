/** What a user does to a project between builds, as data; each edit gives the project that it leads to. */
import { at, file, link, put, type Content } from './content.ts';
import type { Make, PATHS, SOURCES, Spec, TargetSpec } from './spec.ts';

export type Edit =
  | { readonly type: 'content'; readonly path: Path; readonly text: string; readonly executable: boolean }
  | { readonly type: 'link'; readonly path: Path | (typeof SOURCES)[number]; readonly to: string }
  | { readonly type: 'delete'; readonly path: Path | (typeof SOURCES)[number] }
  | { readonly type: 'move'; readonly from: Path; readonly to: Path }
  | { readonly type: 'parameter'; readonly value: string }
  | { readonly type: 'tool'; readonly word: string }
  | { readonly type: 'step'; readonly version: string }
  | { readonly type: 'comment'; readonly text: string }
  | { readonly type: 'module'; readonly path: string; readonly content: Content | undefined }
  | { readonly type: 'home' }
  | { readonly type: 'clash'; readonly clash: Spec['clash'] }
  | { readonly type: 'rename'; readonly target: number }
  | { readonly type: 'attribute'; readonly target: number; readonly change: AttributeChange };

type Path = (typeof PATHS)[number];

export type AttributeChange =
  | { readonly make: Make }
  | { readonly text: string | undefined }
  | { readonly mark: string }
  | { readonly tool: boolean }
  | { readonly said: boolean }
  | { readonly ending: string }
  | { readonly of: readonly number[] }
  | { readonly part: number }
  | { readonly validations: readonly number[] };

export function edited(spec: Spec, edit: Edit): Spec {
  switch (edit.type) {
    case 'content':
      return withSource(spec, edit.path, file(edit.text, edit.executable));
    case 'link':
      return withSource(spec, edit.path, link(edit.to));
    case 'delete':
      return withSource(spec, edit.path, undefined);
    case 'move': {
      const moved = at(spec.sources, edit.from);
      if (!moved) return spec;
      return withSource(withSource(spec, edit.from, undefined), edit.to, moved);
    }
    case 'parameter':
      return { ...spec, parameter: `${spec.salt} ${edit.value}` };
    case 'tool':
      return { ...spec, tool: edit.word };
    case 'step':
      return { ...spec, step: { ...spec.step, version: edit.version } };
    case 'comment':
      return { ...spec, comment: edit.text, step: { ...spec.step, comment: edit.text } };
    case 'module':
      return { ...spec, modules: put(spec.modules, edit.path, edit.content) };
    case 'home':
      return { ...spec, home: spec.home === 0 ? 1 : 0 };
    case 'clash':
      return { ...spec, clash: edit.clash };
    case 'rename':
      return withTarget(spec, edit.target, ({ renamed }) => ({ renamed: renamed + 1 }));
    case 'attribute':
      return withTarget(spec, edit.target, () => edit.change);
  }
}

function withSource(spec: Spec, path: string, content: Content | undefined): Spec {
  return { ...spec, sources: put(spec.sources, path, content) };
}

function withTarget(spec: Spec, target: number, change: (of: TargetSpec) => Partial<TargetSpec>): Spec {
  const chosen = target % spec.targets.length;
  return {
    ...spec,
    targets: spec.targets.map((one, index) => (index === chosen ? { ...one, ...change(one) } : one)),
  };
}
