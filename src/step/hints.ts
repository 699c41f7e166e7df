/** The step's side of the engine's hints. Each may be absent; a step gives the same output without them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders beside the step's request. */
export const DIGESTS_FOLDER = 'digests';
export const ASSEMBLED_FOLDER = 'assembled';

/** The digests of an input's files by path below the input, as hex SHA-256. */
function readDigests(input: string, folder: string): ReadonlyMap<string, string> {
  const list = join(folder, DIGESTS_FOLDER, input);
  if (!existsSync(list)) return new Map();
  const lines = readFileSync(list, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [line.slice(65), line.slice(0, 64)]));
}

/** Looks digests of input files up by absolute path; each input's list is read at its first use. */
export function digestLookup(
  inputs: Readonly<Record<string, string>>,
  folder: string,
): (path: string) => string | undefined {
  const lists = new Map<string, ReadonlyMap<string, string>>();
  return (path) => {
    const found = Object.entries(inputs).find(([, root]) => path === root || path.startsWith(`${root}/`));
    if (!found) return undefined;
    const [name, root] = found;
    const list = lists.get(name) ?? readDigests(name, folder);
    lists.set(name, list);
    return list.get(path.slice(root.length + 1));
  };
}

/** The raw file of a disk input, where the engine has assembled it. */
export function assembledFile(input: string, folder: string): string | undefined {
  const path = join(folder, ASSEMBLED_FOLDER, input);
  return existsSync(path) ? path : undefined;
}
