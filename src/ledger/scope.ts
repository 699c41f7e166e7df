/** What a build is about. It comes from build files, or from what the ledger has of the last build. */
import type { ActionNode, LabelledArtifact } from '../analysis/action.ts';
import type { Project } from '../analysis/project.ts';
import { targetsBelow, validationsOf } from '../analysis/targets-below.ts';
import type { Settled } from '../execute/progress.ts';
import type { Label } from '../model/label.ts';

export interface Scope extends Pick<Project, 'root' | 'settings' | 'declarationOf' | 'warnings' | 'times'> {
  /** What was asked for. */
  readonly targets: readonly LabelledArtifact[];
  /** What gates these. */
  readonly gates: readonly LabelledArtifact[];
  /** How many actions there are, those included that are settled. */
  readonly actions: number;
  /** Actions that are known to be up to date. */
  readonly settled: ReadonlyMap<ActionNode, Settled>;
  /** The actions that a target is made by, those included that make what it reads, or gate any of this. */
  readonly actionsOf: (label: Label) => readonly ActionNode[];
}

/** What a build of a project is about that this process has loaded: nothing of it is settled. */
export function scopeOf(project: Project, skipValidations: boolean): Scope {
  const { root, settings, declarationOf, warnings, times, targets } = project;
  const byLabel = new Map(targets.map((one) => [one.label, one]));
  const gates = skipValidations ? [] : validationsOf(targets);
  return {
    ...{ root, settings, declarationOf, warnings, times, targets, gates },
    // Counted by targets, which costs next to nothing: those that nothing reads are in it.
    actions: targetsBelow([...targets, ...gates], false).reduce((sum, { actions }) => sum + actions.length, 0),
    settled: new Map(),
    actionsOf: (label) => {
      const target = byLabel.get(label);
      return target ? targetsBelow([target]).flatMap(({ actions }) => actions) : [];
    },
  };
}

/** All artifacts of a build, in the order in which they are asked for. */
export function artifactsOf({ targets, gates }: Pick<Scope, 'targets' | 'gates'>): LabelledArtifact['artifact'][] {
  return [...targets, ...gates].map(({ artifact }) => artifact);
}
