/** What a build does for the store at its end: says what it has delivered, and collects garbage when that is due. */
import { relative } from 'node:path';
import { boundOf, collectIfDue } from '../../cache/collect/bound.ts';
import { entryPath, isResult } from '../../cache/action-cache.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { LabelledArtifact } from '../analysis/action.ts';
import type { Build } from '../execute/build.ts';
import type { Scope } from '../ledger/scope.ts';
import { toDiagnostic } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import type { Listener } from '../model/event.ts';
import { stampOf } from '../deliver/outputs.ts';

/** Notes a delivered output: it and all that it is made of stay in the store while it lies there. */
export function rememberDelivered(
  store: Store,
  { root: workspace, settled, actionsOf }: Scope,
  { label }: LabelledArtifact,
  node: Node,
  { build, packages }: { readonly build: Build; readonly packages: readonly string[] },
): void {
  const results = actionsOf(label).flatMap((action) => build.keyOf(action) ?? []);
  // What is settled needs the packages that were used for it.
  const before = settled.size > 0 ? (store.roots.last(workspace, label)?.records ?? []) : [];
  const records = [
    ...results.map(entryPath),
    ...before.filter((record) => !isResult(record)),
    ...packages.map((path) => relative(store.root, path)),
  ];
  store.roots.deliver({
    label,
    workspace,
    output: node.type === 'symlink' ? node.target : formatDigest(node.digest),
    records: [...new Set(records)].sort(),
    stamp: stampOf(workspace, label),
    at: Date.now(),
  });
}

/** Keeps the store within its bound. A store that cannot be cleaned spoils no build. */
export async function keepWithinBound(store: Store, onEvent: Listener): Promise<void> {
  const bound = boundOf();
  try {
    const collected = await collectIfDue(store, bound);
    if (collected && collected.removedBytes > 0)
      onEvent({ type: 'store-collected', removedBytes: collected.removedBytes, keptBytes: collected.keptBytes });
  } catch (error) {
    onEvent({ type: 'warning', message: `garbage collection failed: ${toDiagnostic(error).message}` });
  }
}
