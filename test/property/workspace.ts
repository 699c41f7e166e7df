/** A random project on disk: all its files follow the edits. */
import { mkdirSync } from 'node:fs';
import { Project, type TestStore } from '../rig/index.ts';
import { point, prepareChange, touch, type Manner } from './bring.ts';
import { filesOf } from './files.ts';
import { folder, type Folder } from './model/content.ts';
import type { Spec } from './model/spec.ts';

export class Workspace implements Disposable {
  readonly project: Project;
  /** A link to the folder that the project is in now. */
  readonly root: string;
  /** What is in each of its folders. */
  readonly #there: [Folder, Folder] = [folder({}), folder({})];

  constructor(store: TestStore, spec: Spec) {
    this.project = new Project(store);
    this.root = this.project.path('here');
    for (const home of ['home0', 'home1']) mkdirSync(this.project.path(home, '.git'), { recursive: true });
    this.prepare(spec, 'in place')();
  }

  /** Brings the files to what the project says once the function that this gives is called. */
  prepare(spec: Spec, manner: Manner): () => void {
    const home = `home${spec.home}`;
    const files = filesOf(spec);
    const change = prepareChange(this.project.path(home), this.#there[spec.home], files, manner);
    return () => {
      change();
      this.#there[spec.home] = files;
      point(this.root, home);
    };
  }

  touch(path: string): void {
    touch(`${this.root}/${path}`);
  }

  [Symbol.dispose](): void {
    this.project[Symbol.dispose]();
  }
}
