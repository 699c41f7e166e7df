/** The target graph: what targets and parameters refer to, and its drawing as a Mermaid flowchart. */
import { splitLabel, type Label } from '../model/label.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';

/** A node of the graph, named as users name it. */
export interface GraphNode {
  readonly name: string;
  readonly kind: string;
  readonly role: 'target' | 'parameter' | 'validation';
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** `gates` runs beside its target and is not an input of it. */
  readonly role: 'input' | 'gates';
}

export interface TargetGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** What the graph needs of a loaded project. */
export interface Names {
  readonly labels: ReadonlyMap<Target, Label>;
  readonly targets: ReadonlyMap<Label, Target>;
  readonly parameters: ReadonlyMap<string, Parameter | FileParameter>;
}

/**
 * The graph below the given targets. Targets without a name are drawn as part of those that use them. With
 * `opened`, a target of any other package is drawn, but not what it is made of.
 */
export function targetGraph(
  roots: readonly { readonly label: Label }[],
  names: Names,
  opened?: ReadonlySet<string>,
): TargetGraph {
  const parameterNames = new Map<unknown, string>(
    [...names.parameters].map(([name, parameter]) => [
      parameter.type === 'target' ? parameter.parameter : parameter,
      name,
    ]),
  );
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();

  const connect = (from: string, to: string, role: GraphEdge['role']): void => {
    if (from !== to) edges.set(`${from} ${to} ${role}`, { from, to, role });
  };
  const visit = (target: Target, role: GraphNode['role']): void => {
    const name = names.labels.get(target)!;
    if (nodes.has(name)) return;
    nodes.set(name, { name, kind: target.kind.name, role });
    if (opened && !opened.has(splitLabel(name).packageName)) return;
    visitValue('parameter' in target ? (target as FileParameter).parameter.default : target.attributes, name);
    for (const validation of target.validations) {
      visit(validation, 'validation');
      connect(names.labels.get(validation)!, name, 'gates');
    }
  };
  const visitValue = (value: unknown, user: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const parameter = parameterNames.get(value);
    if (parameter !== undefined) {
      nodes.set(`--set ${parameter}`, { name: `--set ${parameter}`, kind: 'parameter', role: 'parameter' });
      connect(`--set ${parameter}`, user, 'input');
    } else if ((value as Target).type === 'target') {
      const target = value as Target;
      const name = names.labels.get(target);
      if (name === undefined) return visitValue(target.attributes, user);
      visit(target, 'target');
      connect(name, user, 'input');
    } else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
      for (const item of Object.values(value)) visitValue(item, user);
    }
  };
  for (const { label } of roots) visit(names.targets.get(label)!, 'target');
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** A Mermaid flowchart, for pages that draw them. */
export function toMermaid({ nodes, edges }: TargetGraph): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const shape = ({ name, kind, role }: GraphNode): string => {
    const id = ids.get(name);
    if (role === 'parameter') return `  ${id}([${JSON.stringify(name)}])`;
    const text = JSON.stringify(`${name}<br><small>${kind}</small>`);
    return role === 'validation' ? `  ${id}{{${text}}}` : `  ${id}[${text}]`;
  };
  const arrow = ({ from, to, role }: GraphEdge): string =>
    `  ${ids.get(from)} ${role === 'gates' ? '-.->|gates|' : '-->'} ${ids.get(to)}`;
  return ['flowchart LR', ...nodes.map(shape), ...edges.map(arrow), ''].join('\n');
}
