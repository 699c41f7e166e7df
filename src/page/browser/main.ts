/** The page: a build that goes on, one that has ended, or the list of past ones. */
import type { Details, Message, PastBuild, WholeBuild } from '../protocol.ts';
import { carriedSource, type ArtifactSource } from './artifact-source.ts';
import { Build } from './build.ts';
import { BuildScreen } from './build-screen.ts';
import { Connection } from './connection.ts';
import { element } from './dom.ts';
import { pastList } from './past.ts';

function show(...content: readonly HTMLElement[]): void {
  document.body.replaceChildren(...content);
}

function showProblem(text: string): void {
  show(element('main', { class: 'problem' }, element('h1', {}, 'dsmb'), element('p', { role: 'alert' }, text)));
}

/** A page that is one file has its build in it. */
function wholeBuild(): WholeBuild | undefined {
  const data = document.querySelector('#build')?.textContent;
  return data ? (JSON.parse(data) as WholeBuild) : undefined;
}

function showWhole(whole: WholeBuild): void {
  const { snapshot, details } = whole;
  const build = new Build(snapshot);
  for (const [place, told] of Object.entries(details)) build.details.set(Number(place), told);
  const ask = (place: number): Promise<Details> => Promise.resolve(build.details.get(place) ?? { why: [] });
  const artifacts = carriedSource(whole.artifacts);
  const screen = new BuildScreen(build, ask, () => artifacts);
  screen.connection = 'file';
  show(screen.element);
  screen.begin();
}

class LivePage {
  readonly #connection: Connection;
  #screen: BuildScreen | undefined;
  #ended = false;
  #artifacts: ArtifactSource;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#artifacts = connection.artifacts();
  }

  /** False where no build goes on. */
  begin(): Promise<boolean> {
    return this.#connection.follow({
      onMessage: (message) => this.#take(message),
      onGone: () => this.#screen?.lost(),
      onFault: explain,
    });
  }

  #take(message: Message): void {
    switch (message.type) {
      case 'snapshot':
        return this.#begin(new Build(message.snapshot));
      case 'change':
        this.#screen!.build.apply(message.change);
        return this.#screen!.heard();
      case 'beat':
        this.#screen!.build.head = { ...this.#screen!.build.head, elapsedMs: message.elapsedMs };
        return this.#screen!.heard();
      case 'ended':
        return this.#end(message.whole, message.again);
    }
  }

  /** Of a build after another one, what was chosen stays chosen. */
  #begin(build: Build): void {
    this.#ended = false;
    this.#artifacts = this.#connection.artifacts();
    if (this.#screen) return this.#screen.replace(build);
    this.#screen = new BuildScreen(
      build,
      (place) => this.#ask(place),
      () => this.#artifacts,
    );
    show(this.#screen.element);
    this.#screen.begin();
  }

  #end({ snapshot, details, artifacts }: WholeBuild, again: boolean): void {
    this.#ended = true;
    this.#artifacts = carriedSource(artifacts);
    const build = new Build(snapshot);
    for (const [place, told] of Object.entries(details)) build.details.set(Number(place), told);
    this.#screen!.replace(build);
    this.#screen!.ended(again);
  }

  #ask(place: number): Promise<Details> {
    const kept = this.#screen?.build.details.get(place);
    if (kept) return Promise.resolve(kept);
    return this.#ended ? Promise.resolve({ why: [] }) : this.#connection.details(place);
  }
}

async function openPast(connection: Connection, name: string, back: () => void): Promise<void> {
  const build = new Build(await connection.build(name));
  const artifacts = connection.artifacts(name);
  const screen = new BuildScreen(
    build,
    (place) => connection.details(place, name),
    () => artifacts,
    back,
  );
  screen.connection = 'past';
  show(screen.element);
  screen.begin();
}

function showPast(connection: Connection, builds: readonly PastBuild[]): void {
  const back = (): void => showPast(connection, builds);
  const open = (name: string): void => void openPast(connection, name, back).catch(explain);
  show(
    element('header', { class: 'top' }, element('h1', {}, 'Past builds')),
    element('main', {}, pastList(builds, open)),
  );
}

function explain(reason: unknown): void {
  showProblem(`The page cannot be shown: ${(reason as Error).message}`);
}

async function begin(): Promise<void> {
  const whole = wholeBuild();
  if (whole) return showWhole(whole);
  const token = location.hash.slice(1);
  if (token === '')
    return showProblem('This address lacks its token: copy the whole of it, with all that follows the #.');
  const connection = new Connection(token);
  if (!(await new LivePage(connection).begin())) showPast(connection, await connection.pastBuilds());
}

begin().catch(explain);
