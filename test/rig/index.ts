/**
 * A test rig for rules and build files: throw-away projects, the real command line, stores that can be looked into.
 *
 * ```ts
 * using store = new TestStore();
 * using project = new Project(store, { 'build.dsm.ts': `…` });
 * expect((await project.build(['//image'])).executed).toEqual(['//image']);
 * expect((await project.build(['//image'])).executed).toEqual([]);
 * ```
 */
export { countingRules, countingRulesInProcess } from './counting.ts';
export type { Finished } from '../../src/testing/invocation.ts';
export { CHECKOUT, Project, type Built, type Files } from './project.ts';
export { Session } from './session.ts';
export { TestStore } from './store.ts';
