/**
 * For tests of rules and steps: a step alone, or a throw-away project that the real command line builds.
 *
 * ```ts
 * using project = new TestProject({ from: import.meta.dirname });
 * assert.deepEqual((await project.build('//image')).executed, ['//image']);
 * assert.deepEqual((await project.build('//image')).executed, []);
 * ```
 */
export type { Finished } from './invocation.ts';
export { TestProject, type Built, type CallOptions, type Files, type ProjectOptions } from './project.ts';
export { runStepHere, type TestContext } from './step.ts';
export { TestStore } from './store.ts';
