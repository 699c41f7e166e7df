/**
 * What a build is about: from the last build of the same request where that can be, else from the build files, with what
 * can be taken over from another build.
 */
import type { Store } from '../../../cache/store.ts';
import type { ActionNode } from '../../analysis/action.ts';
import type { Settled } from '../../execute/progress.ts';
import type { Call } from '../command.ts';
import { sharedPlace } from '../../load/shared-places.ts';
import { Failure } from '../../model/diagnostic.ts';
import { openProject, type Project, type Request } from '../project.ts';
import { familyId, requestId } from '../request-id.ts';
import { buildable } from '../runnable.ts';
import type { RestedOn } from './evidence.ts';
import { prepareToKeep, type Keep } from './keep.ts';
import { recallLast } from './memory.ts';
import { Resumed } from './resumed.ts';
import { takenOver } from './taken-over.ts';

export interface Opened {
  readonly request: Request;
  /** Does what of `keep` can be done once all actions are planned, where that is worth it. */
  readonly prepareToKeep?: () => void;
  /** Keeps a build that went well, for the next one to go on from. */
  readonly keep: (settledBy: (action: ActionNode) => Settled | undefined) => RestedOn | undefined;
}

/** `onChanged` is told, as early as that is known, that something will most likely run. */
export async function openRequest(call: Call, store: Store, onChanged: () => void): Promise<Opened> {
  const resumes = mayResume(call);
  const resumed = resumes ? attempt(() => Resumed.open(store, requestId(call))) : undefined;
  if (resumed) {
    if (resumed.request.keysBefore?.size) attempt(onChanged);
    return { request: resumed.request, keep: (settledBy) => resumed.save(settledBy) };
  }
  if (resumes && recallLast(store, familyId(call)) !== undefined) attempt(onChanged);
  const project = buildable(await openProject(call), call.operands);
  requirePlaces(project);
  const settled = resumes ? attempt(() => takenOver(call, store, project)) : undefined;
  const request = settled ? { ...project, settled } : project;
  let keep: Keep | undefined;
  return {
    request,
    prepareToKeep: () => void (keep = attempt(() => prepareToKeep(call, store, project))),
    keep: (settledBy) => (keep ?? prepareToKeep(call, store, project))?.(settledBy),
  };
}

/** Each target that is asked for is delivered to a place of its own. */
function requirePlaces({ loaded, targets }: Project): void {
  for (const { label } of targets) {
    const shared = sharedPlace(loaded, label);
    if (shared) throw new Failure(shared);
  }
}

/** A check is about all actions, those included that have not changed. */
function mayResume(call: Call, env: NodeJS.ProcessEnv = process.env): boolean {
  return env['DSMB_SNAPSHOT'] !== 'off' && call.text('check') === undefined;
}

function attempt<T>(recall: () => T): T | undefined {
  try {
    return recall();
  } catch {
    // What was kept cannot be read, or a file has just gone: the build looks at everything.
    return undefined;
  }
}
