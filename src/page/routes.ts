/** What can be asked of the page's server, by path and query: plain data, or undefined where there is no such thing. */
import type { Artifacts } from './artifacts/artifacts.ts';
import { MOST_NAMES } from './artifacts/folder.ts';
import type { Downloads } from './downloads.ts';
import type { PastBuild } from './protocol.ts';
import type { View } from './view.ts';

/** What the server can show. */
export interface Data {
  /** The build that goes on, where there is one. */
  readonly live?: View;
  /** By its name in the history. */
  readonly past: (build: string) => View | undefined;
  readonly pastBuilds: () => readonly PastBuild[];
  readonly artifacts: Artifacts;
}

export async function dataAt(
  data: Data,
  downloads: Downloads,
  pathname: string,
  query: URLSearchParams,
): Promise<unknown> {
  if (pathname === '/api/builds') return data.pastBuilds();
  const name = query.get('build');
  const view = name === null ? data.live : data.past(name);
  if (!view) return undefined;
  const place = numberOf(query, 'place');
  switch (pathname) {
    case '/api/build':
      return view.snapshot();
    case '/api/details':
      return view.details(place) ?? { why: [] };
    default:
      return artifactAt({ view, place, query }, data, downloads, pathname);
  }
}

interface Question {
  readonly view: View;
  readonly place: number;
  readonly query: URLSearchParams;
}

async function artifactAt(
  { view, place, query }: Question,
  { artifacts, live }: Data,
  downloads: Downloads,
  pathname: string,
): Promise<unknown> {
  const output = query.get('output') ?? '';
  const since = query.get('since') ?? undefined;
  switch (pathname) {
    case '/api/outputs':
      return artifacts.outputs(view, place);
    case '/api/disk':
      return artifacts.disk(view, place, output, since);
    case '/api/cell':
      return artifacts.cell(view, { place, output, since, cell: numberOf(query, 'cell') });
    case '/api/difference':
      // It takes seconds, in which a build would stand still, whichever build is asked about.
      return live?.isRunning ? undefined : artifacts.difference(view, place, output, since);
    case '/api/item':
      return artifacts.item(view, place, namesOf(query));
    case '/api/ticket': {
      const names = namesOf(query);
      const content = await artifacts.content(view, place, names);
      return content && { path: downloads.ticket(names.at(-1)!, content) };
    }
    default:
      return undefined;
  }
}

/** -1, which no place has, for what is none. */
function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

/** The way to an item: a list of names as JSON, since a name may have any character. */
function namesOf(query: URLSearchParams): readonly string[] {
  try {
    const names = JSON.parse(query.get('at') ?? '') as unknown;
    const areNames =
      Array.isArray(names) && names.length <= MOST_NAMES && names.every((one) => typeof one === 'string');
    return areNames ? (names as string[]) : [];
  } catch {
    return [];
  }
}
