/**
 * Files of outputs that a page saves. A link cannot send the token, so the page asks for a ticket, which is the secret part
 * of an address that works once, for a short time.
 */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteSource } from '../disk/index.ts';
import { makeToken } from './access.ts';

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
  readonly content: ByteSource;
  readonly until: number;
}

export class Downloads {
  readonly #tickets = new Map<string, Download>();

  /** The path of an address that gives the bytes, once. */
  ticket(name: string, content: ByteSource): string {
    const ticket = makeToken();
    this.#tickets.set(ticket, { name, content, until: performance.now() + TICKET_MS });
    if (this.#tickets.size > MOST_TICKETS) this.#tickets.delete(this.#tickets.keys().next().value!);
    return `/download/${ticket}`;
  }

  /** Gives what a path has a ticket for; false where it has none, or not any more. */
  async give(pathname: string, response: ServerResponse): Promise<boolean> {
    const ticket = pathname.slice('/download/'.length);
    const download = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (!download || performance.now() > download.until) return false;
    const { name, content } = download;
    response.writeHead(200, {
      ...DOWNLOAD_HEADERS,
      'Content-Length': content.size,
      'Content-Disposition': `attachment; filename="${safeName(name)}"`,
    });
    await pipeline(Readable.from(pieces(content)), response);
    return true;
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
