/** Which actions must have a result by now, and what a build was allowed to do. */
import { isDeepStrictEqual, inspect } from 'node:util';
import type { Done } from './engine.ts';
import { textsOf, type Content } from './model/content.ts';
import { closure, expectations, type Expected } from './model/oracle.ts';
import type { Spec } from './model/spec.ts';

/** How strictly a build is judged. */
export interface Circumstances {
  /** Something ended it before its time, so that it may have failed. */
  readonly ended: boolean;
  /** Builds go on after a failure, with what does not depend on it. */
  readonly keepGoing: boolean;
}

export class Ledger {
  /** Actions that have succeeded, by all that they are made of. */
  readonly #done = new Set<string>();
  /** Texts of files that the store has lost since. */
  readonly #lost = new Set<string>();
  /** Something has run of which nobody knows the inputs: an edit came while they were read. */
  #strangers = false;

  /** The store has lost files with this text: what makes them may run once more. */
  lose(text: string): void {
    this.#lost.add(text);
  }

  /** An edit came in the midst of builds: what they did with it cannot be told, so nothing is said of it. */
  excuse(): void {
    this.#strangers = true;
  }

  /** Checks builds that ran at once against what the project must give. Throws what is wrong. */
  judge(spec: Spec, asked: readonly number[], builds: readonly Done[], { ended, keepGoing }: Circumstances): void {
    const expected = expectations(spec);
    const byName = new Map(expected.map((one) => [one.name, one]));
    const needed = [...closure(expected, asked)].map((index) => expected[index]!);
    const ran = this.#judgeRuns(byName, builds);
    for (const done of builds) {
      this.#judgeOutcomes(byName, done, ran);
      judgeContents(byName, done);
      if (ended) continue;
      const possible = needed.every(({ content }) => content !== undefined);
      if (done.success !== possible)
        throw new Error(`it ${done.success ? 'succeeded' : 'failed'} and should not:\n${done.failures.join('\n')}`);
      if (!done.success && !keepGoing) continue;
      for (const { name, content } of asked.map((index) => expected[index]!))
        if (content && !done.contents.has(name)) throw new Error(`${name} was not built`);
      for (const { key, name, content } of needed)
        if (key !== undefined && content && !this.#done.has(key) && !this.#strangers)
          throw new Error(`${name} never ran`);
    }
  }

  /** Nothing runs of which the result is known, and nothing runs twice. Gives the keys of what ran. */
  #judgeRuns(byName: ReadonlyMap<string, Expected>, builds: readonly Done[]): Set<string> {
    const ran = new Set<string>();
    for (const { outcomes } of builds)
      for (const [name, outcome] of outcomes) {
        if (outcome !== 'executed') continue;
        const { key, content } = byName.get(name)!;
        if (key === undefined) throw new Error(`${name} ran, and has nothing to run`);
        if (ran.has(key)) throw new Error(`${name} ran twice at once`);
        if (this.#done.has(key) && !this.#isLost(content)) throw new Error(`${name} ran, and nothing had changed`);
        ran.add(key);
      }
    for (const key of ran) this.#done.add(key);
    return ran;
  }

  #judgeOutcomes(byName: ReadonlyMap<string, Expected>, { outcomes }: Done, ran: ReadonlySet<string>): void {
    for (const [name, outcome] of outcomes) {
      const { key, content } = byName.get(name)!;
      if (outcome === 'executed' || outcome === 'cached') {
        if (content === undefined) throw new Error(`${name} was ${outcome}, and cannot be`);
        if (outcome === 'cached' && !this.#done.has(key!) && !ran.has(key!) && !this.#strangers)
          throw new Error(`${name} was cached, and never ran`);
      }
      if (outcome === 'failed' && content !== undefined) throw new Error(`${name} failed, and should not`);
    }
  }

  #isLost(content: Content | undefined): boolean {
    return content !== undefined && textsOf(content).some((text) => this.#lost.has(text));
  }
}

function judgeContents(byName: ReadonlyMap<string, Expected>, { contents }: Done): void {
  for (const [name, content] of contents) {
    const wanted = byName.get(name)!.content;
    if (!isDeepStrictEqual(content, wanted))
      throw new Error(`${name} is ${inspect(content, { depth: 9 })}\nand should be ${inspect(wanted, { depth: 9 })}`);
  }
}
