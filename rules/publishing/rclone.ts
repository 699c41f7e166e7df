/** A place that rclone reaches, `remote:path`. One rclone does all of it: to start one takes longer than most uploads do. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { borrowed, fail } from 'dsmb/step';

/** Of its answers: the folder or the file is not there. */
const NOT_FOUND = 404;
const OPTIONS = [
  // It would try for minutes: an upload that broke off goes on when it is called again.
  ...['--low-level-retries', '3'],
  // A file of the same size may be another one.
  '--ignore-times',
  // Of a bucket, it would ask for each object apart.
  '--use-server-modtime',
];
/** Lines of its messages that are kept for an error. */
const LAST_LINES = 12;

/** A file over there. */
export interface RemoteFile {
  readonly size: number;
  /** When it was written, as the server has it, in milliseconds. */
  readonly time: number;
}

/** What rclone answers to a call. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Rclone = ChildProcessByStdio<null, null, Readable>;

export class Remote implements AsyncDisposable {
  readonly #place: string;
  readonly #rclone: Rclone;
  readonly #address: string;
  readonly #authorization: string;
  readonly #returned: string;

  private constructor(
    place: string,
    rclone: Rclone,
    called: { address: string; authorization: string; scratch: string },
  ) {
    this.#place = place;
    this.#rclone = rclone;
    this.#address = called.address;
    this.#authorization = called.authorization;
    this.#returned = join(called.scratch, 'returned');
    mkdirSync(this.#returned);
  }

  /** Starts rclone, which then takes calls on loopback, from those who know its password. */
  static async open(place: string, scratch: string): Promise<Remote> {
    const config = join(borrowed('rclone') ?? scratch, 'rclone.conf');
    const password = randomBytes(16).toString('hex');
    const rclone = spawn('rclone', ['rcd', '--config', config, '--rc-addr', '127.0.0.1:0', ...OPTIONS], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: scratch, TZ: 'UTC', RCLONE_RC_USER: 'dsmb', RCLONE_RC_PASS: password },
    });
    const authorization = `Basic ${Buffer.from(`dsmb:${password}`).toString('base64')}`;
    const address = await addressOf(rclone);
    return new Remote(place.replace(/\/+$/, ''), rclone, { address, authorization, scratch });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#rclone, 'close');
    this.#rclone.kill();
    await ended;
  }

  /** Everything below the place, by path; empty where the place is not there yet. */
  async files(): Promise<ReadonlyMap<string, RemoteFile>> {
    const opt = { recurse: true, filesOnly: true, noMimeType: true };
    const { status, body } = await this.#call('operations/list', { fs: this.#place, remote: '', opt });
    if (status === NOT_FOUND) return new Map();
    if (status !== 200) failed('its files cannot be listed', body);
    const list = (body['list'] ?? []) as readonly { Path: string; Size: number; ModTime: string }[];
    return new Map(list.map(({ Path, Size, ModTime }) => [Path, { size: Size, time: Date.parse(ModTime) }]));
  }

  /** Uploads a file of a folder, and reads it back. */
  async upload(folder: string, path: string): Promise<void> {
    const what = `the upload broke off at ${path}: call it again, and it goes on`;
    await this.#must(what, 'operations/copyfile', {
      ...{ srcFs: folder, srcRemote: path, dstFs: this.#place, dstRemote: path },
    });
    if (!(await this.read(path)).equals(readFileSync(join(folder, path))))
      fail('PUBLISH_FAILED', `what comes back is not what was uploaded: ${path}`, {
        hint: 'does something between here and there change files? Call it again',
      });
  }

  async remove(path: string): Promise<void> {
    await this.#must(`${path}, which is no longer needed, cannot be removed`, 'operations/deletefile', {
      ...{ fs: this.#place, remote: path },
    });
  }

  async read(path: string): Promise<Buffer> {
    await this.#must(`${path} cannot be read`, 'operations/copyfile', {
      ...{ srcFs: this.#place, srcRemote: path, dstFs: this.#returned, dstRemote: path },
    });
    const file = join(this.#returned, path);
    const content = readFileSync(file);
    rmSync(file);
    return content;
  }

  async #must(what: string, command: string, parameters: object): Promise<void> {
    const { status, body } = await this.#call(command, parameters);
    if (status !== 200) failed(what, body);
  }

  async #call(command: string, parameters: object): Promise<Answer> {
    const response = await fetch(`http://${this.#address}/${command}`, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      body: JSON.stringify(parameters),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
}

/** Where it takes calls, which it says when it does. */
async function addressOf({ stderr }: Rclone): Promise<string> {
  let said = '';
  for await (const bytes of stderr.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    said += bytes.toString();
    const [, address] = /http:\/\/(127\.0\.0\.1:\d+)/.exec(said) ?? [];
    if (address === undefined) continue;
    stderr.resume();
    return address;
  }
  return failed('rclone does not start', { error: said });
}

function failed(what: string, { error }: Answer['body']): never {
  return fail('PUBLISH_FAILED', what, {
    detail: String(error).trim().split('\n').slice(-LAST_LINES).join('\n'),
    hint: 'rclone config: is the remote there, and does it let you write?',
  });
}
