/** Finds what a target was built to, without building it. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { storedToolchains } from '../../execute/toolchains/stored-toolchains.ts';
import { fail } from '../../model/diagnostic.ts';
import { cachedNode } from '../../plan/cached.ts';
import type { Call } from '../command.ts';
import { openProject } from '../../analysis/project.ts';
import { requestOf } from '../request.ts';

/** The artifact of a target as it is now. Fails with `NOT_BUILT` where a build would have something to do. */
export async function findBuilt(call: Call, store: Store, label: string): Promise<Node> {
  const { root, targets } = await openProject({ ...requestOf(call), operands: [label] });
  const [target] = targets;
  if (!target || targets.length > 1)
    return fail('USAGE', `${label} stands for ${targets.length} targets instead of one`);
  const node = await cachedNode(store, target.artifact, storedToolchains(store, root));
  store.sources.save();
  const set = call.list('set').map((one) => ` --set ${one}`);
  return (
    node ??
    fail('NOT_BUILT', `${label} is not built, or something that goes into it has changed since`, {
      hint: `dsmb build ${label}${set.join('')}`,
    })
  );
}
