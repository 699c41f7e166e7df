/** A random project on disk: all its files follow the edits. */
import { readFileSync } from 'node:fs';
import { countingRules, Project, type TestStore } from '../rig/index.ts';
import { buildFile, parametersFile } from './build-file.ts';
import type { Folder } from './model/content.ts';
import type { Spec } from './model/spec.ts';
import { bring, touch, writeText, type Manner } from './sources.ts';

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const RULES = text('./fixture/rules.ts');
const STEP = text('./fixture/work.step.ts');

export class Workspace implements Disposable {
  readonly project: Project;
  readonly #texts = new Map<string, string>();
  #sources: Folder | undefined;

  constructor(store: TestStore, spec: Spec) {
    this.project = new Project(store, {
      'rules.ts': RULES,
      'toolchain.lock.json': countingRules()['toolchain.lock.json']!,
    });
    this.follow(spec, 'in place');
  }

  /** Brings the files to what the project says; touches only what differs. */
  follow(spec: Spec, manner: Manner): void {
    const { sources, tool, step } = spec;
    bring(this.project.folder, this.#sources ?? { type: 'folder', entries: {} }, sources, manner);
    this.#sources = sources;
    this.#write('tool/opt/tool/word', `word=${tool}\n`, manner);
    this.#write('build.dsm.ts', buildFile(spec), manner);
    this.#write('dsmb.params.json', parametersFile(spec), manner);
    this.#write('work.step.ts', `// ${step.comment}\n${STEP.replace("'v0'", `'${step.version}'`)}`, manner);
  }

  #write(path: string, text: string, manner: Manner): void {
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
