/** A throw-away project, as rule authors have it, with a store that can be looked into. */
import { OWN_PACKAGE } from '../../src/model/own-files.ts';
import { TestProject, type Files } from '../../src/testing/project.ts';
import type { TestStore } from './store.ts';

export type { Built, Files } from '../../src/testing/project.ts';

/** The checkout whose `dsmb` is under test. */
export const CHECKOUT = OWN_PACKAGE.replace(/\/$/, '');

export class Project extends TestProject {
  declare readonly store: TestStore;

  constructor(store: TestStore, files: Files = {}) {
    super({ store, files });
  }
}
