/** The files that options of one call ask for. */
import { fail, type Diagnostic } from '../model/diagnostic.ts';
import { ReportFile } from '../report/report-file.ts';
import type { Call } from './command.ts';

const OPTIONS = ['events', 'profile', 'build-report', 'junit', 'html'];

export class ReportFiles {
  readonly #files: ReadonlyMap<string, ReportFile>;

  private constructor(files: ReadonlyMap<string, ReportFile>) {
    this.#files = files;
  }

  /** Opens them all, or throws at the first that cannot be. */
  static async open(call: Call): Promise<ReportFiles> {
    const files = new Map<string, ReportFile>();
    for (const option of OPTIONS) {
      const name = call.text(option);
      if (name === undefined) continue;
      const file = await ReportFile.open(option, name);
      for (const [other, { place }] of files) if (place && place === file.place) failShared(other, option, name);
      files.set(option, file);
    }
    return new ReportFiles(files);
  }

  get(option: string): ReportFile | undefined {
    return this.#files.get(option);
  }

  get takeStandardOutput(): boolean {
    return [...this.#files.values()].some((file) => file.isStandardOutput);
  }

  /** Waits until all is written. Gives what is missing: because a reader has left, or because something failed. */
  async close(): Promise<{ readonly left: readonly Diagnostic[]; readonly failed: readonly Diagnostic[] }> {
    const closed = await Promise.all([...this.#files.values()].map((file) => file.close()));
    const problems = closed.flatMap((problem) => problem ?? []);
    return {
      left: problems.flatMap(({ diagnostic, readerLeft }) => (readerLeft ? [diagnostic] : [])),
      failed: problems.flatMap(({ diagnostic, readerLeft }) => (readerLeft ? [] : [diagnostic])),
    };
  }
}

function failShared(one: string, other: string, name: string): never {
  return fail('USAGE', `--${one} and --${other} name the same file, ${name}`, { hint: 'give each a file of its own' });
}
