/** What a step says to the engine while it runs, a line each. */
import { relative } from 'node:path';
import type { ActionNode } from '../analysis/action.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { modulePath } from '../model/own-files.ts';

export type StepRecord =
  | { readonly type: 'progress'; readonly stage: string; readonly percent?: number }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic };

/** A record of a step; undefined for what is none. */
export function parseRecord(text: string): StepRecord | undefined {
  try {
    return JSON.parse(text) as StepRecord;
  } catch {
    return undefined;
  }
}

/** What a step did not mean to throw is a defect of the step, and not of the engine. */
export function ofStep({ work }: ActionNode, said: Diagnostic): Diagnostic {
  if (said.code !== 'INTERNAL' || work.type !== 'step') return said;
  const module = relative(process.cwd(), modulePath(work.module));
  return { ...said, code: 'STEP_FAILED', message: `the step threw: ${said.message}`, hint: `the step is ${module}` };
}
