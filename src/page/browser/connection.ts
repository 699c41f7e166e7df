/** What the page asks its server for. The token is in the address, behind the `#`, which browsers send to nobody. */
import type { ArtifactSource } from './artifact-source.ts';
import type { Details, Message, PastBuild, Snapshot } from '../protocol.ts';

const RETRIES = 5;
const RETRY_MS = 1000;
/** Between two builds of a watch: ten minutes. */
const RETRIES_BETWEEN = 600;

export interface Listener {
  onMessage(message: Message): void;
  /** Nobody answers any more. */
  onGone(): void;
  /** A message could not be shown. */
  onFault(reason: unknown): void;
}

export class Connection {
  readonly #headers: HeadersInit;

  constructor(token: string) {
    this.#headers = { Authorization: `Bearer ${token}` };
  }

  pastBuilds(): Promise<readonly PastBuild[]> {
    return this.#json('/api/builds');
  }

  build(name: string): Promise<Snapshot> {
    return this.#json(`/api/build?build=${encodeURIComponent(name)}`);
  }

  /** `build`: absent for the one that goes on. */
  details(place: number, build?: string): Promise<Details> {
    const of = build === undefined ? '' : `&build=${encodeURIComponent(build)}`;
    return this.#json(`/api/details?place=${place}${of}`);
  }

  /** The outputs of a build: by default, of the one that goes on. */
  artifacts(build?: string): ArtifactSource {
    const ask = <T>(what: string, query: Readonly<Record<string, string | number | undefined>>): Promise<T> => {
      const given = Object.entries({ ...query, build }).filter(([, value]) => value !== undefined);
      return this.#json(
        `/api/${what}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`,
      );
    };
    const way = (names: readonly string[]): string => JSON.stringify(names);
    return {
      outputs: (place) => ask('outputs', { place }),
      disk: (place, output, since) => ask('disk', { place, output, since }),
      cell: (place, output, cell, since) => ask('cell', { place, output, cell, since }),
      difference: (place, output, since) => ask('difference', { place, output, since }),
      item: (place, names) => ask('item', { place, at: way(names) }),
      address: async (place, names) => (await ask<{ path: string }>('ticket', { place, at: way(names) })).path,
    };
  }

  /** Follows the build that goes on, and the ones after it where the page is theirs as well. False where none does. */
  async follow(listener: Listener): Promise<boolean> {
    const first = await this.#open();
    if (!first.ok) {
      if (first.status === 404) return false;
      throw new Error((await first.text()).trim());
    }
    this.#goOn(first, listener).catch((reason: unknown) => listener.onFault(reason));
    return true;
  }

  async #goOn(first: Response, listener: Listener): Promise<void> {
    let response: Response | undefined = first;
    while (response) {
      const last = await readMessages(response, listener);
      if (last?.type === 'ended' && !last.again) return;
      response = await this.#again(last?.type === 'ended' ? RETRIES_BETWEEN : RETRIES);
    }
    listener.onGone();
  }

  async #again(times: number): Promise<Response | undefined> {
    for (let left = times; left > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      const response = await this.#open().catch(() => undefined);
      if (response?.ok) return response;
    }
    return undefined;
  }

  #open(): Promise<Response> {
    return fetch('/api/stream', { headers: this.#headers });
  }

  async #json<T>(path: string): Promise<T> {
    const response = await fetch(path, { headers: this.#headers });
    if (!response.ok) throw new Error((await response.text()).trim());
    return (await response.json()) as T;
  }
}

/** Reads server-sent events until they end or are cut off, and gives the last one. Throws what the listener throws. */
async function readMessages({ body }: Response, listener: Listener): Promise<Message | undefined> {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let last: Message | undefined;
  try {
    for (;;) {
      const piece = await reader.read().catch(() => undefined);
      if (piece?.value === undefined) return last;
      // The mark between two messages may come in two pieces.
      const from = Math.max(0, text.length - 1);
      text += piece.value;
      for (let end = text.indexOf('\n\n', from); end >= 0; end = text.indexOf('\n\n')) {
        last = JSON.parse(text.slice('data: '.length, end)) as Message;
        text = text.slice(end + 2);
        listener.onMessage(last);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
