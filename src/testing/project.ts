/** A throw-away project in a temporary folder, built by the real command line with a store of its own choice. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseLabel, splitLabel } from '../model/label.ts';
import { OWN_PACKAGE } from '../model/own-files.ts';
import type { BuildReport } from '../report/build-report.ts';
import { Invocation, type Finished } from './invocation.ts';
import { TestStore } from './store.ts';

/** Text files by path, relative to the project's folder. */
export type Files = Readonly<Record<string, string>>;

/** What a project begins with. */
export interface ProjectOptions {
  /** A folder to copy: the rule author's own project, or one made for tests. */
  readonly from?: string;
  /** Files to write, over those that were copied. */
  readonly files?: Files;
  /** Shared by several projects; one of its own, which goes with it by default. */
  readonly store?: TestStore;
}

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

const NOT_COPIED = new Set(['.git', 'dsmb-out', 'node_modules']);

export class TestProject implements Disposable {
  readonly folder: string;
  readonly store: TestStore;
  readonly #ownStore: boolean;
  #reports = 0;

  constructor({ from, files = {}, store }: ProjectOptions = {}) {
    this.#ownStore = store === undefined;
    this.store = store ?? new TestStore();
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-project-')));
    // The workspace ends here, whatever lies in the folders above.
    mkdirSync(join(this.folder, '.git'));
    this.write('package.json', '{ "name": "project", "private": true, "type": "module" }\n');
    if (from !== undefined) this.#copy(from);
    this.#linkModules(from);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Where a target that was asked for lies, or a file of it: `output('//image', 'disk.raw')`. */
  output(label: string, ...names: string[]): string {
    const { packageName, name } = splitLabel(parseLabel(label));
    return this.path('dsmb-out', packageName, name, ...names);
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
    return new Invocation(join(OWN_PACKAGE, 'dsmb.bin'), args, {
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
    if (this.#ownStore) this.store[Symbol.dispose]();
  }

  #copy(from: string): void {
    const filter = (path: string): boolean => path === from || !NOT_COPIED.has(basename(path));
    cpSync(from, this.folder, { recursive: true, filter, verbatimSymlinks: true });
  }

  /** The packages that steps are bundled with are those of the project that was copied; for its types, `dsmb`. */
  #linkModules(from?: string): void {
    const modules = this.path('node_modules');
    const copied = from === undefined ? undefined : join(from, 'node_modules');
    if (copied !== undefined && existsSync(copied)) return symlinkSync(copied, modules);
    mkdirSync(modules);
    symlinkSync(OWN_PACKAGE, join(modules, 'dsmb'));
  }
}

function readReport(file: string): BuildReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BuildReport;
  } catch {
    return undefined;
  }
}
