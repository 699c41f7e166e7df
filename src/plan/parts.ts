/** The named parts of an action's key, as explanations show them. What makes them is in `recipe.ts`. */
import type { Node } from '../../cache/tree.ts';
import type { ArtifactReference } from '../analysis/action.ts';
import { formatDigest, parseDigest } from '../model/digest.ts';

export type PartKind =
  | 'command'
  | 'variable'
  | 'output'
  | 'timeout'
  | 'platform'
  | 'salt'
  | 'mount points'
  | 'toolchain'
  | 'step'
  | 'argument'
  | 'content'
  | 'input';

/** One part. Two actions with the same parts have the same key. */
export interface Part {
  readonly kind: PartKind;
  /** Unique among the parts of its kind: a variable, an argument's path (`files[0].mode`), an input … */
  readonly name: string;
  /** `hash/size`, with `directory` or `executable`, or `-> target` for a node; JSON for an argument; else the text. */
  readonly value: string;
  /** Of an input or a toolchain: where it comes from. */
  readonly origin?: PartOrigin;
  /** Of a step: the hash of each module in its bundle, by path. */
  readonly modules?: Readonly<Record<string, string>>;
}

/** Where an input comes from, as plain data. */
export type PartOrigin =
  | { readonly type: 'source'; readonly path: string }
  | { readonly type: 'action'; readonly label: string; readonly mnemonic: string; readonly path: string }
  | { readonly type: 'debian'; readonly packages: readonly string[] }
  | { readonly type: 'compose'; readonly entries: Readonly<Record<string, PartOrigin>> }
  | { readonly type: 'runtime' };

/** A node as the value of a part: equal for equal content. */
export function nodeValue(node: Node): string {
  if (node.type === 'symlink') return `-> ${node.target}`;
  if (node.type === 'directory') return `${formatDigest(node.digest)} directory`;
  return `${formatDigest(node.digest)}${node.executable ? ' executable' : ''}`;
}

/** The node that `nodeValue` wrote. */
export function nodeOf(value: string): Node {
  if (value.startsWith('-> ')) return { type: 'symlink', target: value.slice(3) };
  const [digest = '', mark] = value.split(' ');
  const of = parseDigest(digest);
  if (mark === 'directory') return { type: 'directory', digest: of };
  return { type: 'file', digest: of, executable: mark === 'executable' };
}

/** The origin of an artifact as plain data. */
export function originOf({ origin, path }: ArtifactReference): PartOrigin {
  switch (origin.type) {
    case 'source':
      return { type: 'source', path: path ? `${origin.path}/${path}` : origin.path };
    case 'action':
      return { type: 'action', label: origin.action.label, mnemonic: origin.action.mnemonic, path };
    case 'debian':
      return { type: 'debian', packages: origin.packages };
    case 'compose':
    case 'checksums':
      return {
        type: 'compose',
        entries: Object.fromEntries([...origin.entries].map(([at, of]) => [at, originOf(of)])),
      };
  }
}

/** Every plain value below a value, as JSON by its path: `{ a: [1] }` gives `a[0]` → `1`. Empty ones stand for themselves. */
export function flatten(value: unknown, path = ''): [path: string, json: string][] {
  if (value === undefined || typeof value === 'function') return [];
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => flatten(item ?? null, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length > 0)
      return entries.flatMap(([key, item]) =>
        flatten(item, path === '' ? step(key).replace(/^\./, '') : `${path}${step(key)}`),
      );
  }
  return [[path, JSON.stringify(value)]];
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
