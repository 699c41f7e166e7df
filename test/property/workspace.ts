/** A random project on disk: its sources, its tool and its step follow the edits. */
import { readFileSync } from 'node:fs';
import { Project, type TestStore } from '../rig/index.ts';
import type { Folder } from './model/content.ts';
import type { Spec } from './model/spec.ts';
import { bring, touch, writeText, type Manner } from './sources.ts';

const STEP = readFileSync(new URL('./fixture/work.step.ts', import.meta.url), 'utf8');

export class Workspace implements Disposable {
  readonly project: Project;
  readonly #texts = new Map<string, string>();
  #sources: Folder | undefined;

  constructor(store: TestStore, spec: Spec) {
    this.project = new Project(store);
    this.follow(spec, 'in place');
  }

  /** Brings the files to what the project says; touches only what differs. */
  follow({ sources, tool, step }: Spec, manner: Manner): void {
    bring(this.project.folder, this.#sources ?? { type: 'folder', entries: {} }, sources, manner);
    this.#sources = sources;
    this.write('tool/opt/tool/word', `word=${tool}\n`, manner);
    this.write('work.step.ts', `// ${step.comment}\n${STEP.replace("'v0'", `'${step.version}'`)}`, manner);
  }

  /** Writes a text that is not yet there. */
  write(path: string, text: string, manner: Manner): void {
    if (this.#texts.get(path) === text) return;
    if (!this.#texts.has(path)) this.project.write(path, '');
    writeText(this.project.path(path), text, 0o644, manner);
    this.#texts.set(path, text);
  }

  touch(path: string): void {
    touch(this.project.path(path));
  }

  [Symbol.dispose](): void {
    this.project[Symbol.dispose]();
  }
}
