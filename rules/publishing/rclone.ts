/** A place that rclone reaches: `remote:path`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { borrowed, fail } from 'dsmb/step';

/** Of rclone: the folder is not there. */
const NO_SUCH_FOLDER = 3;
/** It would try for minutes: an upload that broke off goes on when it is called again. */
const PATIENCE = ['--retries', '2', '--low-level-retries', '3'];
/** Lines of its messages that are kept for an error. */
const LAST_LINES = 12;

/** A file over there. */
export interface RemoteFile {
  readonly size: number;
  /** When it was written, as the server has it: `2026-01-31 12:00:00`. */
  readonly time: string;
}

export class Remote {
  readonly #place: string;
  readonly #scratch: string;

  constructor(place: string, scratch: string) {
    this.#place = place.replace(/\/+$/, '');
    this.#scratch = scratch;
  }

  /** Everything below the place, by path; empty where the place is not there yet. */
  async files(): Promise<ReadonlyMap<string, RemoteFile>> {
    const args = ['lsf', '--recursive', '--files-only', '--use-server-modtime', '--format', 'tsp', '--separator', '\t'];
    const { code, output, messages } = await this.#rclone([...args, this.#place]);
    if (code === NO_SUCH_FOLDER) return new Map();
    if (code !== 0) failed('its files cannot be listed', messages);
    const lines = output.split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => {
        const [time = '', size = '', ...path] = line.split('\t');
        return [path.join('\t'), { time, size: Number(size) }];
      }),
    );
  }

  /** Uploads files of a folder, and reads them back. */
  async upload(folder: string, paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const chosen = ['--files-from-raw', this.#list(paths), folder, this.#place];
    const options = [
      '--ignore-times',
      '--no-traverse',
      ...PATIENCE,
      '--stats',
      '2s',
      '--stats-one-line',
      '--stats-log-level',
      'NOTICE',
    ];
    await this.#must('the upload broke off: call it again, and it goes on', ['copy', ...options, ...chosen]);
    const check = ['check', '--one-way', '--download', ...chosen];
    await this.#must('what was uploaded is not what comes back', check);
  }

  async remove(paths: readonly string[]): Promise<void> {
    if (paths.length > 0)
      await this.#must('what is no longer needed cannot be removed', [
        ...['delete', '--files-from-raw', this.#list(paths), this.#place],
      ]);
  }

  async read(path: string): Promise<string> {
    return await this.#must(`${path} cannot be read`, ['cat', `${this.#place}/${path}`]);
  }

  #list(paths: readonly string[]): string {
    const file = join(this.#scratch, 'paths');
    writeFileSync(file, paths.map((path) => `${path}\n`).join(''));
    return file;
  }

  async #must(what: string, args: readonly string[]): Promise<string> {
    const { code, output, messages } = await this.#rclone(args);
    return code === 0 ? output : failed(what, messages);
  }

  async #rclone(args: readonly string[]) {
    const config = join(borrowed('rclone') ?? this.#scratch, 'rclone.conf');
    const child = spawn('rclone', ['--config', config, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: this.#scratch, TZ: 'UTC' },
    });
    const output: Buffer[] = [];
    const messages: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => {
      messages.push(bytes);
      if (args.includes('--stats')) process.stderr.write(bytes);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output: Buffer.concat(output).toString(), messages: Buffer.concat(messages).toString() };
  }
}

function failed(what: string, messages: string): never {
  return fail('PUBLISH_FAILED', what, {
    detail: messages.trim().split('\n').slice(-LAST_LINES).join('\n'),
    hint: 'rclone config: is the remote there, and does it let you write?',
  });
}
