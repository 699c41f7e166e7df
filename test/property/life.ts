/** One random project through its life, with a judgement after each build. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TestStore } from '../rig/index.ts';
import type { BuildCall, Editing, Happening } from './happening.ts';
import type { Builder, Done } from './builder.ts';
import { damage } from './damage.ts';
import { Fault } from './fault.ts';
import { forgetLedger } from './forget.ts';
import { Judge } from './judge.ts';
import { textsOf } from './model/content.ts';
import { edited } from './model/edit.ts';
import { expectations } from './model/oracle.ts';
import { nameOf, type Spec } from './model/spec.ts';
import { meddle } from './meddle.ts';
import { Workspace } from './workspace.ts';

/** Longer than the step in which most file systems keep times. */
const PAUSE_MS = 60;

/** What happened in all lives. */
export class Tally {
  edits = 0;
  builds = 0;
  ended = 0;
  actions = 0;

  get steps(): number {
    return this.edits + this.builds;
  }

  toString(): string {
    const { steps, edits, builds, ended, actions } = this;
    return `${steps} steps: ${edits} edits, ${builds} builds (${ended} ended before their time), ${actions} actions ran`;
  }
}

let lives = 0;

/** Sets a life apart from all others on the same store: it begins with nothing built. */
export function born(chosen: Omit<Spec, 'salt'>): Spec {
  const salt = `life ${lives++}`;
  return { ...chosen, salt, parameter: `${salt} ${chosen.parameter}` };
}

export class Life implements Disposable {
  readonly #builder: Builder;
  readonly #store: TestStore;
  readonly #workspace: Workspace;
  readonly #judge = new Judge();
  readonly #tally: Tally;
  #last: BuildCall;
  /** All that it has been, the present at the end. */
  readonly #past: Spec[];

  constructor(builder: Builder, store: TestStore, spec: Spec, tally: Tally) {
    this.#builder = builder;
    this.#store = store;
    this.#past = [spec];
    this.#last = { asked: spec.targets.map((_, index) => index), keepGoing: true, beside: 1 };
    this.#tally = tally;
    this.#workspace = new Workspace(store, spec);
  }

  /** Builds all, lives through what happens, undoes all of it, and builds all: that is there, and runs nothing. */
  async through(happenings: readonly Happening[]): Promise<void> {
    const whole = this.#last;
    await this.#build(whole);
    for (const [index, happening] of happenings.entries())
      await this.#meet(happening).catch((error: Error) => {
        const kind = error instanceof Fault ? error.kind : 'wrong course';
        throw new Fault(kind, `happening ${index}: ${error.message}`, error);
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
        return this.#edit(happening);
      case 'undo':
        return this.#undo(happening.steps, happening.manner);
      case 'touch':
        this.#tally.edits++;
        return this.#workspace.touch(happening.path);
      case 'damage':
        return this.#damage(happening);
      case 'meddling':
        return this.#meddle(happening);
      case 'forget':
        return forgetLedger(this.#store);
      case 'pause':
        return pause(happening.ms);
      case 'build':
        return this.#build(happening);
      case 'again':
        return this.#build(this.#last);
    }
  }

  #edit(edit: Editing): void {
    this.#prepare(edit)();
  }

  /** What can be made beforehand is. */
  #prepare({ edit, manner }: Editing): () => void {
    const next = edited(this.#spec, edit);
    const change = this.#workspace.prepare(next, manner);
    return () => {
      change();
      this.#past.push(next);
      this.#tally.edits++;
    };
  }

  #undo(steps: number, manner: Editing['manner']): void {
    this.#past.splice(Math.max(1, this.#past.length - steps));
    this.#workspace.prepare(this.#spec, manner)();
    this.#tally.edits++;
  }

  #meddle({ target, how }: Happening & { type: 'meddling' }): void {
    const name = nameOf(this.#spec, target % this.#spec.targets.length);
    meddle(`${this.#workspace.root}/dsmb-out`, name, how);
    this.#tally.edits++;
  }

  #damage({ which, how }: Happening & { type: 'damage' }): void {
    const texts = expectations(this.#spec).flatMap(({ content }) => (content ? textsOf(content) : []));
    const text = texts[which % texts.length];
    if (text !== undefined && damage(this.#store, text, how)) this.#judge.lose(text);
  }

  async #build({ asked: given, keepGoing, beside, meanwhile }: BuildCall): Promise<void> {
    this.#last = { asked: given, keepGoing, beside: 1 };
    const spec = this.#spec;
    const asked = [...new Set(given.map((index) => index % spec.targets.length))];
    const change = meanwhile?.type === 'edit' ? this.#prepare(meanwhile) : undefined;
    // What was made beforehand is older than the build.
    if (change) await pause(PAUSE_MS);
    const running = Array.from({ length: beside }, () => this.#builder.start(this.#workspace, spec, asked, keepGoing));
    const finished = Promise.all(running.map((one) => one.finished));
    if (meanwhile) await Promise.race([finished, pause(meanwhile.ms)]);
    const ends = meanwhile?.type === 'end' ? running.slice(0, meanwhile.all ? beside : 1) : [];
    if (meanwhile?.type === 'end') ends.forEach((one) => one.end(meanwhile.way));
    if (meanwhile?.type === 'forget') forgetLedger(this.#store);
    change?.();
    const builds = await finished;
    this.#count(builds, ends.length);
    const left = await this.#builder.leftovers(
      ends.length > 0,
      builds.some(({ success }) => success),
    );
    if (left.length > 0) throw new Fault('wrong course', `left behind: ${left.join('\n')}`);
    if (!isDeepStrictEqual(this.#spec, spec)) return this.#judge.excuse();
    this.#judge.judge(spec, asked, builds, { ended: ends.length, keepGoing });
  }

  #count(builds: readonly Done[], ended: number): void {
    this.#tally.builds += builds.length;
    this.#tally.ended += ended;
    for (const { outcomes } of builds)
      this.#tally.actions += outcomes.filter(([, outcome]) => outcome === 'executed').length;
  }

  [Symbol.dispose](): void {
    this.#workspace[Symbol.dispose]();
  }
}
