/** Says which packages it is that two toolchains of an action do not agree about. */
import type { Store } from '../../../cache/store.ts';
import { sameNode, type Node } from '../../../cache/tree.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { Failure } from '../../model/diagnostic.ts';
import { ownerOf, packageKey, type Package } from '../../toolchain/index.ts';

/** A toolchain whose tree is merged with others. */
export interface MergedToolchain {
  readonly tree: Node;
  /** For messages. */
  readonly name: string;
  /** What the tree was unpacked from; none for one that an action made. */
  readonly packages: readonly Package[];
}

/** The failure of toolchains that have different files at a path. */
export async function namedConflict(
  store: Store,
  { label, mnemonic }: ActionNode,
  path: string,
  toolchains: readonly MergedToolchain[],
): Promise<Failure> {
  const [one, other] = conflicting(store, path, toolchains);
  const versions = [differing(one, other), differing(other, one)] as const;
  const isMixed = versions[0].length > 0;
  return new Failure({
    code: 'TREE_CONFLICT',
    message: `two toolchains of ${label} (${mnemonic}) have different files at /${path}`,
    detail: [await describe(store, path, one, versions[0]), await describe(store, path, other, versions[1])].join('\n'),
    hint: isMixed
      ? 'run `dsmb lock`, which gives all toolchains versions that fit together'
      : 'use one toolchain that has both, or leave one of the packages out',
  });
}

/** Two that have different things at the path. */
function conflicting(
  store: Store,
  path: string,
  toolchains: readonly MergedToolchain[],
): readonly [MergedToolchain, MergedToolchain] {
  const at = ({ tree }: MergedToolchain): Node | undefined => store.trees.lookup(tree, path);
  const holders = toolchains.filter((each) => at(each) !== undefined);
  const one = holders[0]!;
  return [one, holders.find((each) => !sameNode(at(each)!, at(one)!)) ?? one];
}

/** The packages of a set that the other one has in another version. */
function differing({ packages }: MergedToolchain, other: MergedToolchain): Package[] {
  const versions = new Map(other.packages.map(({ name, version }) => [name, version]));
  return packages.filter(({ name, version }) => (versions.get(name) ?? version) !== version);
}

/** The package that has the path and its toolchain, or else all packages that may have it. */
async function describe(
  store: Store,
  path: string,
  { name, packages }: MergedToolchain,
  suspects: readonly Package[],
): Promise<string> {
  const others = packages.filter((each) => !suspects.includes(each));
  const owner = await ownerOf(path, [...suspects, ...others], { cache: store.downloads });
  if (owner) return `${packageKey(owner)} in ${name}`;
  return suspects.length > 0 ? `one of ${suspects.map(packageKey).join(', ')} in ${name}` : name;
}
