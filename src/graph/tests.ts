/** Which targets check something. */
import type { Target } from '../model/target.ts';

/** What checks a target: the target itself where its rule makes tests, and what gates it. */
export function testsOf(target: Target): Target[] {
  const isTest = target.rule.test === true && !('parameter' in target);
  return [...(isTest ? [target] : []), ...target.validations];
}
