/**
 * Files of outputs that a page saves. A link cannot send the token, so the page asks for a ticket, which is the secret part
 * of an address that works once, for a short time.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteSource } from '../disk/index.ts';
import { makeToken } from './access.ts';
import type { Content } from './artifacts/browse.ts';

const MOST_TICKETS = 16;
const TICKET_MS = 30_000;
const PIECE = 1024 * 1024;

/** What a browser does with a file of strangers: it saves it, and should it show it after all, nothing of it runs. */
const DOWNLOAD_HEADERS = {
  'Content-Type': 'application/octet-stream',
  'Content-Security-Policy': "sandbox; default-src 'none'",
} as const;

interface Download {
  readonly name: string;
  readonly content: Content;
  /** Ends the time in which it can be had. */
  readonly timer: NodeJS.Timeout;
}

export class Downloads implements Disposable {
  readonly #tickets = new Map<string, Download>();

  /** The path of an address that gives the bytes, once. The content is disposed of after that, or when nobody comes. */
  ticket(name: string, content: Content): string {
    const ticket = makeToken();
    const timer = setTimeout(() => this.#drop(ticket), TICKET_MS).unref();
    this.#tickets.set(ticket, { name, content, timer });
    if (this.#tickets.size > MOST_TICKETS) this.#drop(this.#tickets.keys().next().value!);
    return `/download/${ticket}`;
  }

  /** Gives what a path has a ticket for; false where it has none, or not any more. */
  async give(pathname: string, response: ServerResponse): Promise<boolean> {
    const download = this.#take(pathname.slice('/download/'.length));
    if (!download) return false;
    using content = download.content;
    response.writeHead(200, {
      ...DOWNLOAD_HEADERS,
      'Content-Length': content.source.size,
      'Content-Disposition': `attachment; filename="${safeName(download.name)}"`,
    });
    await pipeline(Readable.from(pieces(content.source)), response);
    return true;
  }

  [Symbol.dispose](): void {
    for (const ticket of this.#tickets.keys()) this.#drop(ticket);
  }

  #take(ticket: string): Download | undefined {
    const download = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    clearTimeout(download?.timer);
    return download;
  }

  #drop(ticket: string): void {
    this.#take(ticket)?.content[Symbol.dispose]();
  }
}

/** Names of strangers: none hides, none leads elsewhere, none ends the header. */
function safeName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
  return safe.slice(-100) || 'file';
}

function* pieces(content: ByteSource): Generator<Buffer> {
  for (let at = 0; at < content.size; at += PIECE) yield content.read(at, Math.min(PIECE, content.size - at));
}
