/** `dsmb watch`: builds, and builds again when a file of the workspace changes. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { watch as watchFiles } from 'chokidar';
import { execa, type ResultPromise } from 'execa';
import { fail } from '../model/diagnostic.ts';
import { modulePath } from '../model/own-files.ts';
import { findWorkspace, ALIEN_FOLDERS } from '../load/workspace.ts';
import { palette } from '../report/format.ts';
import { build } from './build.ts';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { printLine } from '../report/print.ts';
import type { WatchedPage } from './watched-page.ts';

/** Changes that come within this time are one change: an editor writes several files, git hundreds. */
const QUIET_MS = 100;
const SHOWN_PATHS = 3;
const child = (env: NodeJS.ProcessEnv) =>
  ({ stdio: 'inherit', ipc: true, reject: false, forceKillAfterDelay: 10_000, env }) as const;

export const watch: Command = {
  name: 'watch',
  summary: 'build again whenever a file changes',
  usage: '//target… [options of dsmb build]',
  examples: [
    ['dsmb watch //bootImage', 'build now, and after each change; Ctrl-C ends it'],
    ['dsmb watch //cloudTarball --skip-validations', 'options are those of dsmb build'],
    ['dsmb watch //bootImage --ui', 'with a page that shows each of the builds'],
  ],
  options: build.options,
  run: runWatch,
};

async function runWatch(call: Call): Promise<number> {
  if (call.operands.length === 0) fail('USAGE', 'dsmb watch needs at least one target', { hint: 'dsmb list' });
  const root = findWorkspace(call.text('workspace') ?? process.cwd());
  const page = call.flag('ui') ? await watchedPage(call) : undefined;
  using _page = page;
  const session = new WatchSession(root, process.argv.slice(3), page);
  await session.untilInterrupted();
  return EXIT.interrupted;
}

async function watchedPage(call: Call): Promise<WatchedPage> {
  const [{ portOf }, { WatchedPage }, { makeToken }] = await Promise.all([
    import('./build-page.ts'),
    import('./watched-page.ts'),
    import('../page/access.ts'),
  ]);
  return WatchedPage.open(portOf(call).port, makeToken());
}

/** Backups, swap files and locks of vim, Emacs and their like. */
function isOfEditor(path: string): boolean {
  return /~$|^\.#|^#.*#$|^\..*\.sw[a-z]$|^4913$/.test(basename(path));
}

/** Runs one build at a time; a change ends the build that it made stale. */
class WatchSession {
  readonly #root: string;
  readonly #args: readonly string[];
  readonly #page: WatchedPage | undefined;
  readonly #changed = new Set<string>();
  /** Of these, the paths that came into being: one that is gone again was an editor's temporary file. */
  readonly #come = new Set<string>();
  readonly #paint = palette(process.stderr);
  #timer: NodeJS.Timeout | undefined;
  #running: ResultPromise<ReturnType<typeof child>> | undefined;

  constructor(root: string, args: readonly string[], page: WatchedPage | undefined) {
    this.#root = root;
    this.#args = args;
    this.#page = page;
  }

  async untilInterrupted(): Promise<void> {
    const interrupted = new Promise<void>((resolve) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
    });
    const watcher = watchFiles(this.#root, { ignored: (path) => this.#ignores(path), ignoreInitial: true });
    watcher.on('all', (event, path) => this.#note(path, event === 'add'));
    this.#start();
    await interrupted;
    clearTimeout(this.#timer);
    await Promise.all([watcher.close(), this.#end()]);
  }

  #ignores(path: string): boolean {
    return relative(this.#root, path)
      .split(sep)
      .some((name) => ALIEN_FOLDERS.has(name));
  }

  #note(path: string, isNew: boolean): void {
    const name = relative(this.#root, path);
    if (isNew && !this.#changed.has(name)) this.#come.add(name);
    this.#changed.add(name);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#rebuild(), QUIET_MS);
  }

  async #rebuild(): Promise<void> {
    const paths = this.#saved();
    this.#changed.clear();
    this.#come.clear();
    await this.#end();
    const more = paths.length > SHOWN_PATHS ? ` and ${paths.length - SHOWN_PATHS} more` : '';
    printLine(`\n${this.#paint.bold('changed')} ${paths.slice(0, SHOWN_PATHS).join(', ')}${more}`, process.stderr);
    this.#start();
  }

  /** The paths that somebody saved, without the files that editors make on the way, unless there are no others. */
  #saved(): string[] {
    const paths = [...this.#changed].toSorted();
    const saved = paths.filter((path) => !isOfEditor(path) && !this.#isGoneAgain(path));
    return saved.length > 0 ? saved : paths;
  }

  #isGoneAgain(path: string): boolean {
    return this.#come.has(path) && !existsSync(join(this.#root, path));
  }

  #start(): void {
    const main = modulePath(new URL('main.ts', import.meta.url));
    this.#running = execa(
      process.execPath,
      [...process.execArgv, main, 'build', ...this.#args],
      child(this.#page?.next() ?? {}),
    );
    this.#page?.follow(this.#running.nodeChildProcess);
  }

  async #end(): Promise<void> {
    if (!this.#running) return;
    this.#page?.pause();
    const { nodeChildProcess: build } = this.#running;
    this.#running.kill('SIGTERM');
    // Its end counts: what was still being sent to it is never taken, and its result would wait for that.
    if (build.exitCode === null && build.signalCode === null) await once(build, 'exit');
  }
}
