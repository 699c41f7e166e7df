/** Leads people to the page: opens a browser where there is one, and tells the address in any case. */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

const OPENER = 'xdg-open';

/** What to say of a page that is not opened, or not here. */
export function invitation(address: string, port: number, env: NodeJS.ProcessEnv = process.env): string[] {
  const lines = [`page: ${address}`];
  if (!hasDisplay(env)) {
    const forward = `ssh -N -L ${port}:127.0.0.1:${port} ${userName(env)}@${hostname()}`;
    lines.push(`      from another machine, open it there after: ${forward}`);
  }
  return lines;
}

/** A browser that was asked to open the page. The file that leads there is gone when this is disposed of. */
export class Invited implements Disposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Undefined where there is no browser to be seen. Arguments of a process can be read by every user of the machine, a
   * file of mode 0600 by this one alone: so the browser gets the name of a file that has the address.
   */
  static open(address: string, env: NodeJS.ProcessEnv = process.env): Invited | undefined {
    const program = hasDisplay(env) ? findProgram(OPENER, env) : undefined;
    if (program === undefined) return undefined;
    const invited = new Invited(mkdtempSync(join(tmpdir(), 'dsmb-page-')));
    const file = join(invited.#folder, 'page.html');
    const document = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${address}">\n`;
    writeFileSync(file, document, { mode: 0o600 });
    spawn(program, [file], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
    return invited;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Not every user has a name: in a container, one may be a mere number. */
function userName({ USER = 'you' }: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return USER;
  }
}

function hasDisplay({ DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): boolean {
  return Boolean(DISPLAY) || Boolean(WAYLAND_DISPLAY);
}

function findProgram(name: string, { PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  return PATH.split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
