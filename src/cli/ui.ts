/** `dsmb ui`: a page with the builds of a workspace that the history remembers. */
import { Store, storeRoot } from '../../cache/store.ts';
import { Artifacts } from '../page/artifacts/artifacts.ts';
import { aborted, pastView } from '../page/build-page.ts';
import { Invited, invitation } from '../page/invite.ts';
import { PageServer } from '../page/server.ts';
import { pastBuilds } from '../page/view.ts';
import { printLine } from '../report/print.ts';
import { portOf } from './build-page.ts';
import { interruption } from './build.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { workspaceOf } from './request.ts';
import { openHistory } from './recording.ts';

export const ui: Command = {
  name: 'ui',
  summary: 'open a page with the past builds of a workspace',
  usage: '[--ui-port PORT]',
  examples: [
    ['dsmb ui', 'what was built, why, and for how long; Ctrl-C ends it'],
    ['dsmb build //cloudTarball --ui', 'show the page of a build as it runs'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    'ui-port': { type: 'string', value: 'PORT', help: 'port of the page; by default any free port' },
  },
  run: runUi,
};

async function runUi(call: Call): Promise<number> {
  const root = workspaceOf(call);
  const store = new Store(storeRoot());
  // Builds that end meanwhile are in the list of whoever asks next.
  let history = openHistory(store, { root });
  const sources = () => ({ store, root, history: (history = history.again()) });
  const shown = {
    past: (build: string) => pastView(sources(), build),
    pastBuilds: () => pastBuilds(sources().history),
    artifacts: new Artifacts(sources),
  };
  const { signal } = interruption();
  using server = await PageServer.open(shown, portOf(call));
  for (const line of invitation(server.address, server.port)) printLine(line, process.stderr);
  using _invited = Invited.open(server.address);
  await aborted(signal);
  return EXIT.ok;
}
