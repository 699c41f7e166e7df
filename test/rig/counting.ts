/**
 * Files of a project with small rules whose commands are real programs. `combine` counts its invocations in a folder
 * that outlives the sandbox (`TestStore.runs`); `shell` runs a script.
 */
import { readFileSync } from 'node:fs';
import type { Files } from '../../src/testing/project.ts';

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** `rules.ts`, its steps, and the lock of their toolchains. */
export function countingRules(): Files {
  return {
    'rules.ts': text('./fixture/rules.ts'),
    'combine.step.ts': text('./fixture/combine.step.ts'),
    'staged.step.ts': text('./fixture/staged.step.ts'),
    'toolchain.lock.json': text('./fixture/toolchain.lock.json'),
  };
}

/** The same for rules that the test runner loads itself: it rewrites imports, and a step would have no name. */
export function countingRulesInProcess(): Files {
  const { 'rules.ts': rules = '', ...others } = countingRules();
  const placed = rules.replaceAll(/\(\) => import\(('[^']+')\)/g, 'stepModule(new URL($1, import.meta.url))');
  return { ...others, 'rules.ts': `import { stepModule } from 'dsmb';\n${placed}` };
}
