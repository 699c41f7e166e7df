/** What a source is where symlinks are about: on the way to it, and in it. */
import { at, folder, link, type Content, type Folder } from './content.ts';

/** What a source or a part of it (`d0`, `d0/a`) gives; undefined where that is an error. */
export function sourceContent(workspace: Folder, path: string, part = ''): Content | undefined {
  const place = follow(workspace, path.split('/'));
  const whole = place && inside(workspace, place);
  if (!place || !whole || part === '') return whole;
  // A link in a source leads to something in it, so the way to a part stays there.
  const deeper = follow(workspace, [...place, ...part.split('/')]);
  return deeper && inside(workspace, deeper);
}

/** What is at a place, with its links as an action finds them. */
function inside(workspace: Folder, root: readonly string[]): Content | undefined {
  const visit = (names: readonly string[]): Content | undefined => {
    const content = at(workspace, names.join('/'));
    if (content?.type === 'link') return linkInside(workspace, root, names, content.target);
    if (content?.type !== 'folder') return content;
    const entries = Object.keys(content.entries).map((name) => [name, visit([...names, name])] as const);
    if (entries.some(([, entry]) => entry === undefined)) return undefined;
    return folder(Object.fromEntries(entries as [string, Content][]));
  };
  return visit(root);
}

function linkInside(
  workspace: Folder,
  root: readonly string[],
  names: readonly string[],
  target: string,
): Content | undefined {
  const end = follow(workspace, names);
  if (!end || !startsWith(end, root)) return undefined;
  const from = names.slice(0, -1);
  const ups = /^(\.\.(\/|$))*/.exec(target)![0].split('..').length - 1;
  if (ups <= from.length - root.length) return link(target);
  const common = from.findIndex((name, index) => end[index] !== name);
  const shared = common < 0 ? from.length : common;
  return link([...from.slice(shared).map(() => '..'), ...end.slice(shared)].join('/') || '.');
}

function startsWith(path: readonly string[], root: readonly string[]): boolean {
  return root.every((name, index) => path[index] === name);
}

/** The place that a path leads to, free of links; undefined where nothing is. */
function follow(workspace: Folder, path: readonly string[], left = 40): readonly string[] | undefined {
  let place: readonly string[] = [];
  for (const name of path) {
    if (name === '..') {
      if (place.length === 0) return undefined; // Beside the project.
      place = place.slice(0, -1);
      continue;
    }
    const next = [...place, name];
    const content = at(workspace, next.join('/'));
    if (!content || left === 0) return undefined;
    if (content.type !== 'link') {
      place = next;
      continue;
    }
    const there = follow(workspace, [...place, ...content.target.split('/')], left - 1);
    if (!there) return undefined;
    place = there;
  }
  return place;
}
