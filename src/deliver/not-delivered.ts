/** What to say when an output cannot be put where people look. */
import { relative } from 'node:path';
import { Failure } from '../model/diagnostic.ts';
import type { Label } from '../model/label.ts';
import { systemReason } from '../model/system-reason.ts';

interface Delivery {
  readonly label: Label;
  /** Of the workspace. */
  readonly root: string;
  readonly folder: string;
  /** Where it is made before it takes its place there. */
  readonly aside: string;
}

/** An error of the file system as one that names the file and says that nothing has to be built again; others as they are. */
export function notDelivered(error: unknown, { label, root, folder, aside }: Delivery): unknown {
  const { errno, dest, path = folder } = error as NodeJS.ErrnoException & { readonly dest?: string };
  if (error instanceof Failure || typeof errno !== 'number') return error;
  const met = dest ?? path;
  const file = met.startsWith(aside) ? `${folder}${met.slice(aside.length)}` : met;
  return new Failure({
    code: 'NOT_DELIVERED',
    message: `${label} is built, but ${relative(root, file)} cannot be written: ${systemReason(error)}`,
    hint: 'fix that, and run the same command again: what was built is kept',
  });
}
