/** Why a step does not bundle: the line, and what to do about it. */
import { join, relative } from 'node:path';
import { fail, type Location } from '../model/diagnostic.ts';

/** What the bundler throws. */
export interface BundlerError extends Error {
  readonly errors?: readonly Problem[];
}

interface Problem {
  readonly text: string;
  readonly location: { file: string; line: number; column: number; lineText: string } | null;
}

/** `root`: the folder that the bundler's paths start from; `entry`: its name for the module that starts the step. */
export function bundleFailed(
  path: string,
  { root, entry }: { root: string; entry: string },
  error: BundlerError,
): never {
  const step = relative(process.cwd(), path);
  const [first] = error.errors ?? [];
  if (first?.location?.file === entry && first.text.endsWith('for import "default"'))
    return fail('STEP_DOES_NOT_BUNDLE', `${step}: it has no default export`, { hint: 'export default step<Spec>(…)' });
  const hint = first && hintOf(first);
  return fail('STEP_DOES_NOT_BUNDLE', `${step}: ${first?.text ?? error.message}`, {
    ...(first?.location ? { location: placeOf(root, first.location) } : {}),
    ...(hint ? { hint } : {}),
  });
}

function placeOf(root: string, { file, line, column }: NonNullable<Problem['location']>): Location {
  return { file: join(root, file), line, column: column + 1 };
}

function hintOf({ text, location }: Problem): string | undefined {
  if (/from\s*['"]dsmb['"]/.test(location?.lineText ?? '')) return "what a step imports is in 'dsmb/step'";
  const [, name] = /^Could not resolve "((?:@[^/"]+\/)?[^./"@][^/"]*)/.exec(text) ?? [];
  return name !== undefined && name !== 'dsmb' ? `npm install ${name}` : undefined;
}
