/** The page of a build: reads its events, and shows them to whoever opens it, or in a file at the end. */
import type { BuildEvent, Listener } from '../model/event.ts';
import { bundleAssets, wholeDocument } from './assets.ts';
import { BuildState, type Head } from './build-state.ts';
import { Artifacts } from './artifacts/artifacts.ts';
import type { Sources } from './details.ts';
import { Invited, invitation } from './invite.ts';
import { KnownActions } from './known-actions.ts';
import type { PageAction } from './protocol.ts';
import { PageServer, type ServerOptions } from './server.ts';
import { Streams } from './streams.ts';
import { LiveView, pastBuilds, PastView, wholeBuild } from './view.ts';

/** How long a browser that was asked to open the page of a short build may take to come. */
const ARRIVAL_MS = 10_000;

/** The build whose page it is. */
export interface PageSubject {
  readonly head: Head;
  readonly actions: readonly PageAction[];
  /** Places of actions that are known to be up to date. */
  readonly settled: ReadonlySet<number>;
  readonly sources: Sources;
}

/** How a page is served. */
export interface Serving extends ServerOptions {
  /** Says a line to the user. */
  readonly say: (line: string) => void;
  /** Another build had this page before: who wants it has it. */
  readonly known?: boolean;
  /** It is there until the builder is ended. */
  readonly stays?: boolean;
}

export class BuildPage implements Disposable {
  readonly #sources: Sources;
  readonly #state: BuildState;
  readonly #known = new KnownActions();
  readonly #view: LiveView;
  readonly #streams: Streams;
  readonly #artifacts: Artifacts;
  #server: PageServer | undefined;
  #invited: Invited | undefined;
  #stays = false;

  constructor({ head, actions, settled, sources }: PageSubject) {
    this.#sources = sources;
    this.#state = new BuildState(head, actions, settled);
    this.#view = new LiveView(sources, this.#state, this.#known);
    this.#streams = new Streams(this.#state);
    this.#artifacts = new Artifacts(() => sources);
  }

  readonly listen: Listener = (event: BuildEvent) => {
    this.#state.listen(event);
    this.#known.listen(event);
  };

  /** Opens it to readers, and leads the user there. */
  async serve({ say, known = false, stays = false, ...options }: Serving): Promise<void> {
    const { history } = this.#sources;
    const server = await PageServer.open(
      {
        live: this.#view,
        follow: (response) => this.#streams.add(response),
        past: (build) => pastView(this.#sources, build),
        pastBuilds: () => pastBuilds(history),
        artifacts: this.#artifacts,
      },
      options,
    );
    this.#server = server;
    this.#stays = stays;
    if (known) return;
    try {
      invitation(server.address, server.port).forEach(say);
      this.#invited = Invited.open(server.address);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The build as one file. */
  async document(): Promise<string> {
    return wholeDocument(await wholeBuild(this.#view, this.#artifacts), await (this.#server?.assets ?? bundleAssets()));
  }

  /**
   * The build has ended. Pages get all that there is, and go on to show it when there is no server any more. A browser
   * that is about to come is waited for, unless the user ends that.
   */
  async leave(signal: AbortSignal): Promise<void> {
    if (!this.#server) return;
    if (this.#stays) await aborted(signal);
    else if (this.#invited) await arrival(this.#streams.firstCame, signal);
    // Where another build follows, it is not kept waiting.
    const carried = this.#stays ? undefined : this.#artifacts;
    await this.#streams.end(() => wholeBuild(this.#view, carried), this.#stays);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#artifacts[Symbol.dispose]();
    this.#invited?.[Symbol.dispose]();
    this.#server?.[Symbol.dispose]();
    this.#server = undefined;
  }
}

/** A build of the history; undefined where there is none of that name. */
export function pastView(sources: Sources, build: string): PastView | undefined {
  const { history } = sources;
  const record = history.builds.includes(build) ? history.record(build) : undefined;
  return record && new PastView(sources, record);
}

/** Resolves when the work is to be ended. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

async function arrival(came: Promise<void>, signal: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ARRIVAL_MS);
  await Promise.race([came, late.promise, aborted(signal)]);
  clearTimeout(timer);
}
