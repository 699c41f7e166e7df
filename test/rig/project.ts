/** A throw-away project in a temporary folder, built by the real command line with a store of its own choice. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildReport } from '../../src/report/build-report.ts';
import { Invocation, type Finished } from './invocation.ts';
import type { TestStore } from './store.ts';

/** The checkout whose `dsmb` is under test. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Text files by path, relative to the project's folder. */
export type Files = Readonly<Record<string, string>>;

/** How one call of the command line is made. */
export interface CallOptions {
  /** Relative to the project's folder. */
  readonly cwd?: string;
  /** Added to the environment of this process; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What a finished build said and did. */
export interface Built extends Finished {
  /** Of `--build-report`; absent when the build did not get as far as writing it. */
  readonly report: BuildReport | undefined;
  /** Labels of the targets whose actions ran, sorted, each once. */
  readonly executed: readonly string[];
}

export class Project implements Disposable {
  readonly folder: string;
  readonly store: TestStore;
  #reports = 0;

  /** Writes the files, and what every project has: a package.json, and `dsmb` in node_modules. */
  constructor(store: TestStore, files: Files = {}) {
    this.store = store;
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-project-')));
    // The workspace ends here, whatever lies in the folders above.
    mkdirSync(join(this.folder, '.git'));
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(CHECKOUT, join(this.folder, 'node_modules/dsmb'));
    this.write('package.json', '{ "name": "project", "private": true, "type": "module" }\n');
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes a file; folders above it are made. */
  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), content);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  /** Replaces a text that occurs once in a file. */
  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    if (text.split(from).length !== 2) throw new Error(`'${from}' does not occur once in ${path}`);
    this.write(
      path,
      text.replace(from, () => to),
    );
  }

  /** Starts `dsmb` with arguments, in a process group of its own. */
  start(args: readonly string[], { cwd = '', env = {} }: CallOptions = {}): Invocation {
    return new Invocation(join(CHECKOUT, 'dsmb'), args, {
      cwd: this.path(cwd),
      env: { ...process.env, NO_COLOR: '1', ...this.store.env, ...env },
    });
  }

  /** Runs `dsmb` to its end. */
  run(args: readonly string[], options?: CallOptions): Promise<Finished> {
    return this.start(args, options).finished;
  }

  /** Runs `dsmb build` to its end and reads its report. */
  async build(args: readonly string[], options?: CallOptions): Promise<Built> {
    const file = join(this.store.folder, `report-${process.pid}-${this.folder.slice(-6)}-${this.#reports++}.json`);
    const finished = await this.run(['build', ...args, '--build-report', file], options);
    const report = readReport(file);
    const labels = report?.actions.filter(({ outcome }) => outcome === 'executed').map(({ label }) => label) ?? [];
    return { ...finished, report, executed: [...new Set(labels)].toSorted() };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function readReport(file: string): BuildReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BuildReport;
  } catch {
    return undefined;
  }
}
