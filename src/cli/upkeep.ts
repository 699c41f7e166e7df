/** What a build does for the store at its end: says what it has delivered, and collects garbage when that is due. */
import { relative } from 'node:path';
import { boundOf, collectIfDue } from '../../cache/collect/bound.ts';
import { entryPath, isResult } from '../../cache/action-cache.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { AnalysedTarget } from '../analysis/action.ts';
import type { Build } from '../execute/build.ts';
import { toDiagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import type { Listener } from '../model/event.ts';
import { stampOf } from '../report/outputs.ts';
import type { Request } from './project.ts';

/** Notes a delivered output: it and all that it is made of stay in the store while it lies there. */
export function rememberDelivered(
  store: Store,
  request: Request,
  target: AnalysedTarget,
  node: Node,
  { build, packages }: { readonly build: Build; readonly packages: readonly string[] },
): void {
  const { label } = target;
  const { root: workspace, id } = request;
  const records = [...resultsOf(store, request, target, build), ...packages.map((path) => relative(store.root, path))];
  store.roots.deliver({
    label,
    workspace,
    request: id,
    output: node.type === 'symlink' ? node.target : formatDigest(node.digest),
    records: [...new Set(records)].sort(),
    stamp: stampOf(workspace, label),
    at: Date.now(),
  });
}

/** The results that a target is made of. One that goes on from the last build knows what took the place of what. */
function resultsOf(
  store: Store,
  { root, id, keysBefore, settled }: Request,
  target: AnalysedTarget,
  build: Build,
): readonly string[] {
  const last = store.roots.last(root, target.label);
  if (!keysBefore) {
    // What it has taken over needs the packages that were used for it.
    const packages = settled.size > 0 ? (last?.records ?? []).filter((record) => !isResult(record)) : [];
    return [...build.keysOf(target).map(entryPath), ...packages];
  }
  const all = new Set([...build.keys()].map(entryPath));
  // The last one to deliver may have been another request, of which nothing is known here.
  if (last?.request !== id) return [...all];
  const gone = new Set([...keysBefore.values()].map(entryPath).filter((record) => !all.has(record)));
  const made = [...keysBefore.keys()].flatMap((action) => build.settled(action)?.key ?? []).map(entryPath);
  return [...last.records.filter((record) => !gone.has(record)), ...made];
}

/** Keeps the store within its bound. A store that cannot be cleaned spoils no build. */
export async function keepWithinBound(store: Store, onEvent: Listener): Promise<void> {
  const bound = boundOf();
  try {
    const collected = await collectIfDue(store, bound);
    if (collected && collected.removedBytes > 0)
      onEvent({ type: 'store-collected', removedBytes: collected.removedBytes, keptBytes: collected.keptBytes });
  } catch (error) {
    onEvent({ type: 'warning', message: `the store could not be cleaned: ${toDiagnostic(error).message}` });
  }
}
