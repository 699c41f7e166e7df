/** What of a project nothing uses. */
import type { QueryGraph, QueryNode } from './query-graph.ts';

/**
 * Parameters that no target reads; and targets for nothing. Those that nothing is made of are what a package is for,
 * unless other packages take from it: then what they do not take is left over.
 */
export function unusedNodes({ nodes, edges }: QueryGraph): QueryNode[] {
  const users = new Map<string, string[]>();
  for (const [user, used] of edges) for (const name of used) users.set(name, [...(users.get(name) ?? []), user]);
  const isUsed = (name: string): boolean => users.has(name);
  const tests = new Set([...nodes.values()].flatMap((node) => node.tests));
  const libraries = new Set(
    [...users]
      .filter(([name, by]) => by.some((user) => packageOf(user) !== packageOf(name)))
      .map(([name]) => packageOf(name)),
  );
  const isLeftOver = ({ name, kind }: QueryNode): boolean =>
    packageOf(name) !== '' &&
    libraries.has(packageOf(name)) &&
    !isUsed(name) &&
    !tests.has(name) &&
    kind !== 'Runnable';
  // A file parameter is a target, too: `//pat` stands for `param:pat`.
  const isRead = (name: string): boolean =>
    (users.get(name) ?? []).some((user) => user !== labelOf(name) || isUsed(user));
  return [...nodes.values()].filter((node) => {
    if (node.rule === 'parameter') return !isRead(node.name);
    const isTarget = node.name.startsWith('//') && !edges.get(node.name)?.has(parameterOf(node.name));
    return isTarget && isLeftOver(node);
  });
}

/** Of a label or a parameter; the root package, which takes and is not taken from, for all else. */
function packageOf(name: string): string {
  return /^(?:\/\/|param:)(.+):/.exec(name)?.[1] ?? '';
}

function labelOf(parameter: string): string {
  return `//${parameter.slice('param:'.length)}`;
}

function parameterOf(label: string): string {
  return `param:${label.slice(2)}`;
}
