/** Reads the page of a build as a browser would, or as somebody who is not to read it. */
import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Message } from '../../src/page/protocol.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export class PageReader {
  readonly port: number;
  readonly token: string;

  constructor(address: string) {
    const { port, hash } = new URL(address);
    this.port = Number(port);
    this.token = hash.slice(1);
  }

  /** Of a page whose address a command has told. */
  static told(output: string): PageReader {
    const [, address] = /^page: (http:\/\/127\.0\.0\.1:\d+\/#[\w-]+)$/m.exec(output) ?? [];
    if (address === undefined) throw new Error(`no address was told:\n${output}`);
    return new PageReader(address);
  }

  /** What a page of its own may send. */
  get own(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.token}` };
  }

  async get(path: string, headers: Readonly<Record<string, string>> = this.own, method = 'GET'): Promise<Answer> {
    const response = await this.#ask({ path, headers, method });
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece as string;
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.get(path)).text) as T;
  }

  /** The messages of the build that goes on, until its server ends. */
  async *follow(): AsyncGenerator<Message> {
    const response = await this.#ask({ path: '/api/stream', headers: this.own });
    let text = '';
    for await (const piece of response.setEncoding('utf8')) {
      text += piece as string;
      const messages = text.split('\n\n');
      text = messages.pop()!;
      for (const message of messages) yield JSON.parse(message.slice('data: '.length)) as Message;
    }
  }

  async #ask(options: RequestOptions): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({ host: '127.0.0.1', port: this.port, ...options }, resolve)
      .on('error', reject)
      .end();
    return promise;
  }
}
