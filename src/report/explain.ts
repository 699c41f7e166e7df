/** From what differs between two keys to what a person did: which file, attribute, parameter, package, module. */
import type { Store } from '../../cache/store.ts';
import { treeDifferences } from '../../cache/tree-difference.ts';
import type { Node } from '../../cache/tree.ts';
import type { Location } from '../model/diagnostic.ts';
import { parseDigest } from '../model/digest.ts';
import { changesOf, type Change } from '../plan/changes.ts';
import { packageChanges } from '../plan/package-list.ts';
import { nodeOf, type Part, type PartOrigin } from '../plan/parts.ts';
import type { KeptParts } from './kept-parts.ts';

/** What of a key's change a person can look at. Absent texts: it was not there before, or is not there now. */
export interface Cause {
  readonly kind:
    | 'file'
    | 'attribute'
    | 'parameter'
    | 'input'
    | 'toolchain'
    | 'step'
    | 'rule'
    | Exclude<Change['kind'], 'input' | 'toolchain' | 'step'>;
  /** A path, an attribute, a parameter's name, an input, packages. */
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
  /** Of the attribute's rule call, until the text of the build file is read. */
  readonly location?: Location;
  /** Attribute that reads the parameter, or that the location is about. */
  readonly attribute?: string;
  /** The action that made an input. */
  readonly madeBy?: string;
  /** More of the same: paths inside a folder, packages, modules, arguments. */
  readonly details?: readonly { readonly name: string; readonly before?: string; readonly after?: string }[];
  /** There are more details than are listed. */
  readonly more?: boolean;
}

const MAX_DETAILS = 20;
/** Parts that a rule makes from its attributes. */
const FROM_THE_RULE: readonly Change['kind'][] = ['argument', 'command', 'variable', 'content', 'output', 'timeout'];

/** The causes of a key's change, what the user wrote first. */
export function explain(store: Store, before: KeptParts, after: KeptParts): Cause[] {
  const changes = changesOf(before.parts, after.parts);
  const attributes = attributeCauses(before, after, changes);
  return [
    ...attributes,
    ...changes.filter(({ kind }) => !FROM_THE_RULE.includes(kind)).map((change) => causeOf(store, change)),
    ...ruleCause(store, before, after, changes, attributes),
  ];
}

function attributeCauses(before: KeptParts, after: KeptParts, changes: readonly Change[]): Cause[] {
  if (changes.length === 0) return [];
  const was = before.declared.attributes;
  const is = after.declared.attributes;
  const { location } = after.declared;
  return [...new Set([...Object.keys(is), ...Object.keys(was)])].flatMap((path): Cause[] => {
    const [one, other] = [was[path], is[path]];
    if (one?.value === other?.value) return [];
    const parameter = other?.parameter ?? one?.parameter;
    return [
      {
        kind: parameter === undefined ? 'attribute' : 'parameter',
        name: parameter ?? path,
        ...(one ? { before: one.value } : {}),
        ...(other ? { after: other.value } : {}),
        ...(location ? { location } : {}),
        attribute: path,
      },
    ];
  });
}

/** What the rule made of its attributes; it is the rule itself that changed when no attribute did. */
function ruleCause(
  store: Store,
  before: KeptParts,
  after: KeptParts,
  changes: readonly Change[],
  attributes: readonly Cause[],
): Cause[] {
  const made = changes.filter(({ kind }) => FROM_THE_RULE.includes(kind));
  if (made.length === 0) return [];
  const details = made.flatMap((change) => detailsOf(store, change));
  const { rule, location } = after.declared;
  if (attributes.length === 0 || before.declared.rule !== rule)
    return [{ kind: 'rule', name: rule, ...(location ? { location } : {}), ...limited(details) }];
  return made.map(({ kind, name, ...values }) => {
    const [only, ...others] = detailsOf(store, { kind, name, ...values });
    if (only && others.length === 0) return { ...only, kind: kind as 'argument', name: name || only.name };
    return { kind: kind as 'argument', name, ...limited([only!, ...others]) };
  });
}

type Detail = NonNullable<Cause['details']>[number];

function detailsOf(store: Store, { kind, name, before, after }: Change): Detail[] {
  const title = `${kind}${name ? ` ${name}` : ''}`;
  if (kind === 'command') return listDetails(before?.value.split('\0') ?? [], after?.value.split('\0') ?? []);
  if (kind === 'content') return [contentDetail(store, before, after)];
  return [detail(title, before?.value, after?.value)];
}

function listDetails(was: readonly string[], is: readonly string[]): Detail[] {
  const length = Math.max(was.length, is.length);
  return Array.from({ length }, (_none, index) => index)
    .filter((index) => was[index] !== is[index])
    .map((index) => detail(`command[${index}]`, was[index], is[index]));
}

/** The first line that differs says more than two digests. */
function contentDetail(store: Store, before: Part | undefined, after: Part | undefined): Detail {
  const [was, is] = [before, after].map((part) => linesOf(store, part));
  if (!was || !is) return detail('content', before?.value, after?.value);
  const line = Math.max(
    0,
    is.findIndex((text, index) => text !== was[index]),
  );
  return detail(`content, line ${line + 1}`, was[line], is[line]);
}

function linesOf(store: Store, part: Part | undefined): string[] | undefined {
  try {
    return part && store.cas.read(parseDigest(part.value)).toString().split('\n');
  } catch {
    return undefined;
  }
}

function causeOf(store: Store, change: Change): Cause {
  const { kind, name, before, after } = change;
  const values = detail(name, before?.value, after?.value);
  switch (kind) {
    case 'input':
      return inputCause(store, change);
    case 'toolchain': {
      const packages = before && after ? packageChanges(store, hashOf(before), hashOf(after)) : undefined;
      return {
        ...values,
        kind,
        ...(packages ? limited(packages.map((one) => detail(one.name, one.before, one.after))) : {}),
      };
    }
    case 'step':
      return { ...values, kind, ...limited(recordDetails(before?.modules ?? {}, after?.modules ?? {})) };
    default:
      return { ...values, kind };
  }
}

function inputCause(store: Store, { name, before, after }: Change): Cause {
  const { origin } = (after ?? before)!;
  const differences = differencesIn(store, before, after);
  const values = detail(name, before?.value, after?.value);
  const inside = limited(differences.filter(({ name: path }) => path !== ''));
  if (origin?.type === 'source') {
    const moved =
      before?.origin?.type === 'source' && before.origin.path !== origin.path
        ? { before: before.origin.path, after: origin.path }
        : {};
    return { ...values, ...moved, kind: 'file', name: origin.path, ...inside };
  }
  if (origin?.type === 'debian') return { ...values, kind: 'toolchain', name: origin.packages.join(' '), ...inside };
  const makers = makersOf(origin, differences);
  return { ...values, kind: 'input', ...(makers ? { madeBy: makers } : {}), ...inside };
}

/** Who made what differs; of a composed folder only the entries that differ count. */
function makersOf(origin: PartOrigin | undefined, differences: readonly Detail[]): string | undefined {
  switch (origin?.type) {
    case 'action':
      return `${origin.label} (${origin.mnemonic})`;
    case 'source':
      return origin.path;
    case 'debian':
      return origin.packages.join(' ');
    case 'compose': {
      const touched = Object.entries(origin.entries).filter(([at]) =>
        differences.some(
          ({ name }) => name === '' || name === at || name.startsWith(`${at}/`) || at.startsWith(`${name}/`),
        ),
      );
      return [...new Set(touched.map(([, of]) => makersOf(of, [])))].filter(Boolean).join(', ') || undefined;
    }
    default:
      return undefined;
  }
}

/** The paths that two inputs differ in; none where a tree is no longer in the store. */
function differencesIn(store: Store, before: Part | undefined, after: Part | undefined): Detail[] {
  try {
    return treeDifferences(store.trees, before && nodeOf(before.value), after && nodeOf(after.value))
      .take(MAX_DETAILS + 1)
      .map(({ path, before: was, after: is }) => detail(path, describe(was), describe(is)))
      .toArray();
  } catch {
    return [];
  }
}

function describe(node: Node | undefined): string | undefined {
  if (!node) return undefined;
  if (node.type === 'symlink') return `-> ${node.target}`;
  return `${node.type === 'directory' ? 'folder ' : ''}${node.digest.hash.slice(0, 12)} (${node.digest.size} B)`;
}

function hashOf(part: Part): string {
  return part.value.split('/')[0]!;
}

function recordDetails(was: Readonly<Record<string, string>>, is: Readonly<Record<string, string>>): Detail[] {
  return [...new Set([...Object.keys(is), ...Object.keys(was)])]
    .filter((name) => was[name] !== is[name])
    .map((name) => detail(name, was[name]?.slice(0, 12), is[name]?.slice(0, 12)));
}

function limited(details: readonly Detail[]): Pick<Cause, 'details' | 'more'> {
  if (details.length === 0) return {};
  return { details: details.slice(0, MAX_DETAILS), ...(details.length > MAX_DETAILS ? { more: true } : {}) };
}

function detail(name: string, before: string | undefined, after: string | undefined): Detail {
  return { name, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
