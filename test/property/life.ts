/** One random project through its life, with a judgement after each build. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TestStore } from '../rig/index.ts';
import type { BuildCall, Happening } from './arbitrary.ts';
import { damage } from './damage.ts';
import type { Done, Engine } from './engine.ts';
import { Ledger } from './ledger.ts';
import { textsOf } from './model/content.ts';
import { edited, type Edit } from './model/edit.ts';
import { expectations } from './model/oracle.ts';
import type { Spec } from './model/spec.ts';
import type { Manner } from './sources.ts';
import { declare } from './targets.ts';
import { Workspace } from './workspace.ts';

/** What happened in all lives, for the report. */
export interface Tally {
  edits: number;
  builds: number;
  actions: number;
}

export class Life implements Disposable {
  readonly #engine: Engine;
  readonly #store: TestStore;
  readonly #workspace: Workspace;
  readonly #ledger = new Ledger();
  readonly #tally: Tally;
  /** All that it has been, the present at the end. */
  readonly #past: Spec[];

  constructor(engine: Engine, store: TestStore, spec: Spec, tally: Tally) {
    this.#engine = engine;
    this.#store = store;
    this.#past = [spec];
    this.#tally = tally;
    this.#workspace = new Workspace(store, spec);
  }

  /** Lives through what happens, then undoes all of it: what was built before is there. */
  async through(happenings: readonly Happening[]): Promise<void> {
    const whole: BuildCall = { asked: this.#spec.targets.map((_, index) => index), keepGoing: true, beside: 1 };
    await this.#build(whole);
    for (const [index, happening] of happenings.entries())
      await this.#meet(happening).catch((error: Error) => {
        throw new Error(`happening ${index}: ${error.message}`, { cause: error });
      });
    this.#undo(this.#past.length, 'in place');
    await this.#build(whole);
  }

  get #spec(): Spec {
    return this.#past.at(-1)!;
  }

  async #meet(happening: Happening): Promise<void> {
    switch (happening.type) {
      case 'edit':
        return this.#edit(happening.edit, happening.manner);
      case 'undo':
        return this.#undo(happening.steps, happening.manner);
      case 'touch':
        this.#tally.edits++;
        return this.#workspace.touch(happening.path);
      case 'damage':
        return this.#damage(happening);
      case 'build':
        return this.#build(happening);
    }
  }

  #edit(edit: Edit, manner: Manner): void {
    this.#past.push(edited(this.#spec, edit));
    this.#workspace.follow(this.#spec, manner);
    this.#tally.edits++;
  }

  #undo(steps: number, manner: Manner): void {
    this.#past.splice(Math.max(1, this.#past.length - steps));
    this.#workspace.follow(this.#spec, manner);
    this.#tally.edits++;
  }

  #damage({ which, how }: Happening & { type: 'damage' }): void {
    const texts = expectations(this.#spec).flatMap(({ content }) => (content ? textsOf(content) : []));
    const text = texts[which % texts.length];
    if (text !== undefined && damage(this.#store, text, how)) this.#ledger.lose(text);
  }

  async #build({ asked: given, keepGoing, beside, meanwhile }: BuildCall): Promise<void> {
    const spec = this.#spec;
    const asked = given.map((index) => index % spec.targets.length);
    const declared = declare(spec, this.#workspace.project.folder);
    const stop = new AbortController();
    const options = { value: spec.parameter, keepGoing, signal: stop.signal };
    const building = Promise.all(Array.from({ length: beside }, () => this.#engine.build(declared, asked, options)));
    if (meanwhile) {
      await Promise.race([building, pause(meanwhile.ms)]);
      if (meanwhile.happening === 'end') stop.abort();
      else this.#edit(meanwhile.happening.edit, meanwhile.happening.manner);
    }
    const builds = await building;
    this.#count(builds);
    if (isDeepStrictEqual(this.#spec, spec))
      this.#ledger.judge(spec, asked, builds, { ended: stop.signal.aborted, keepGoing });
    else this.#ledger.excuse();
  }

  #count(builds: readonly Done[]): void {
    this.#tally.builds += builds.length;
    for (const { outcomes } of builds)
      this.#tally.actions += outcomes.filter(([, outcome]) => outcome === 'executed').length;
  }

  [Symbol.dispose](): void {
    this.#workspace[Symbol.dispose]();
  }
}
