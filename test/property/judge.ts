/** Which actions have a result by now, and so what a build is allowed to do. */
import { inspect, isDeepStrictEqual } from 'node:util';
import type { Done } from './builder.ts';
import { Fault } from './fault.ts';
import { textsOf, type Content } from './model/content.ts';
import { closure, expectations, isRefused, type Expected } from './model/oracle.ts';
import type { Spec } from './model/spec.ts';

/** How strictly builds are judged. */
export interface Circumstances {
  /** How many of them, from the first, were ended before their time, so that they may have failed. */
  readonly ended: number;
  /** They go on after a failure, with what does not depend on it. */
  readonly keepGoing: boolean;
}

type ByName = ReadonlyMap<string, Expected>;

export class Judge {
  /** Actions that have succeeded, by all that they are made of. */
  readonly #done = new Set<string>();
  /** Texts of files that the store has lost since. */
  readonly #lost = new Set<string>();
  /** More may have results than are known here. */
  #excused = false;

  /** The store has lost the files with this text: what makes them may run once more. */
  lose(text: string): void {
    this.#lost.add(text);
  }

  /** An edit came in the midst of a build: what it read of it cannot be told, so it is not judged. */
  excuse(): void {
    this.#excused = true;
  }

  /** Judges builds that ran at once by what the project must give. Throws what is wrong. */
  judge(spec: Spec, asked: readonly number[], builds: readonly Done[], { ended, keepGoing }: Circumstances): void {
    for (const { said } of builds) judgeWords(said);
    if (isRefused(spec, asked)) return judgeRefused(builds.slice(ended));
    const expected = expectations(spec);
    const byName = new Map(expected.map((one) => [one.name, one]));
    const needed = [...closure(expected, asked)].map((index) => expected[index]!);
    // What a build has finished without having said so.
    if (ended > 0) this.#excused = true;
    for (const key of this.#judgeRuns(byName, builds)) this.#done.add(key);
    for (const [index, build] of builds.entries()) {
      judgeContents(byName, build);
      this.#judgeCached(byName, build);
      if (index < ended) continue;
      judgeFailures(byName, needed, build);
      if (build.success || keepGoing)
        this.#judgeWhole(
          needed,
          asked.map((one) => expected[one]!),
          build,
        );
    }
  }

  /** Nothing runs of which the result is known, and nothing runs twice. Gives what ran. */
  #judgeRuns(byName: ByName, builds: readonly Done[]): Set<string> {
    const ran = new Set<string>();
    for (const name of builds.flatMap((build) => namesOf(build, 'executed'))) {
      const { key, content } = byName.get(name)!;
      if (key === undefined || content === undefined) throw new Fault('wrong course', `${name} ran, and cannot`);
      if (ran.has(key)) throw new Fault('needless action', `${name} ran twice at once`);
      if (this.#done.has(key) && !this.#isLost(content))
        throw new Fault('needless action', `${name} ran, and nothing had changed`);
      ran.add(key);
    }
    return ran;
  }

  #judgeCached(byName: ByName, build: Done): void {
    for (const name of namesOf(build, 'cached')) {
      const { key, content } = byName.get(name)!;
      if (key === undefined || content === undefined)
        throw new Fault('wrong course', `${name} was cached, and cannot be made`);
      if (!this.#done.has(key) && !this.#excused) throw new Fault('wrong course', `${name} was cached, and never ran`);
    }
  }

  /** All is there that can be. */
  #judgeWhole(needed: readonly Expected[], asked: readonly Expected[], build: Done): void {
    for (const { name, content } of asked)
      if (content && !build.contents.has(name)) throw new Fault('wrong course', `${name} was not built`);
    const told = new Set([...namesOf(build, 'executed'), ...namesOf(build, 'cached')]);
    const isKnown = (key: string): boolean => !build.tellsCached && (this.#done.has(key) || this.#excused);
    for (const { key, name, content } of needed)
      if (key !== undefined && content && !told.has(name) && !isKnown(key))
        throw new Fault('wrong course', `${name} was not brought up to date`);
  }

  #isLost(content: Content): boolean {
    return textsOf(content).some((text) => this.#lost.has(text));
  }
}

const SHOWN = { depth: 9, maxStringLength: 4000 };

function judgeContents(byName: ByName, { contents }: Done): void {
  for (const [name, content] of contents) {
    const wanted = byName.get(name)!.content;
    if (!isDeepStrictEqual(content, wanted))
      throw new Fault('wrong output', `${name} is ${inspect(content, SHOWN)}\nand should be ${inspect(wanted, SHOWN)}`);
  }
}

/** Nothing is built where some targets cannot be asked for. */
function judgeRefused(builds: readonly Done[]): void {
  for (const { success, outcomes, said } of builds)
    if (success || outcomes.length > 0) throw new Fault('wrong course', `it was not refused:\n${said}`);
}

/** Whatever happens, users are told of it in words. */
function judgeWords(said: string): void {
  if (/defect of dsmb|^\s+at .*:\d+:\d+\)?$/m.test(said)) throw new Fault('wrong course', `it has a defect:\n${said}`);
}

/** It fails exactly where something that it needs cannot be made, and says so of nothing else. */
function judgeFailures(byName: ByName, needed: readonly Expected[], build: Done): void {
  const possible = needed.every(({ content }) => content !== undefined);
  if (build.success !== possible)
    throw new Fault('wrong course', `it ${build.success ? 'succeeded' : 'failed'}:\n${build.said}`);
  for (const name of namesOf(build, 'failed'))
    if (byName.get(name)!.content) throw new Fault('wrong course', `${name} failed:\n${build.said}`);
}

function namesOf({ outcomes }: Done, wanted: string): string[] {
  return outcomes.flatMap(([name, outcome]) => (outcome === wanted ? [name] : []));
}
