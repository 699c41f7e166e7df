/** A throw-away project, as rule authors have it, with a store that can be looked into. */
import { TestProject, type Files } from '../../src/testing/project.ts';
import type { TestStore } from './store.ts';

export { CHECKOUT } from './checkout.ts';
export type { Built, Files } from '../../src/testing/project.ts';

export class Project extends TestProject {
  declare readonly store: TestStore;

  constructor(store: TestStore, files: Files = {}) {
    super({ store, files });
  }
}
