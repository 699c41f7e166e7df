/** The Debian packages that artifacts are made of. */
import { actionGraph, inputsOf } from './action-graph.ts';
import type { ArtifactReference, Origin } from './action.ts';

/** A set of packages, as a build file names it. */
export type DebianSet = Origin & { readonly type: 'debian' };

/** Every set that an artifact is made of: itself, inputs and toolchains of all actions below it. A set may come twice. */
export function debianSetsOf(artifact: ArtifactReference): DebianSet[] {
  const { actions } = actionGraph([artifact]);
  return [artifact, ...actions.flatMap(inputsOf)].flatMap(setsIn);
}

function setsIn({ origin }: ArtifactReference): DebianSet[] {
  if (origin.type === 'debian') return [origin];
  return 'entries' in origin ? [...origin.entries.values()].flatMap(setsIn) : [];
}
