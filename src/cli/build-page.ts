/** Opens the page of a build, for options that ask for it. Loaded only then. */
import { stderr } from 'node:process';
import type { Store } from '../../cache/store.ts';
import { actionGraph } from '../analysis/action-graph.ts';
import type { PastRuns } from '../execute/schedule/past-runs.ts';
import { artifactsOf, type Scope } from '../ledger/scope.ts';
import { fail } from '../model/diagnostic.ts';
import { BuildPage } from '../page/build-page.ts';
import type { PageAction } from '../page/protocol.ts';
import type { BuildRecorder } from '../report/history/recorder.ts';
import { printLine } from '../report/print.ts';
import type { Call } from './command.ts';
import { openHistory } from './recording.ts';
import { takePageOfWatch, tellServed } from './watched-page.ts';

/** The page of a build that is about to begin. */
export async function openBuildPage(
  call: Call,
  store: Store,
  scope: Scope,
  { recorder, past }: { readonly recorder: BuildRecorder; readonly past: PastRuns },
): Promise<BuildPage> {
  const { root, settled, targets } = scope;
  const graph = actionGraph(artifactsOf(scope));
  const places = new Map(graph.actions.map((action, place) => [action, place]));
  const actions = graph.actions.map((action): PageAction => {
    const { label, mnemonic, ordinal } = action;
    const inputs = (graph.dependencies.get(action) ?? []).map((below) => places.get(below)!);
    const pastMs = past.of(action)?.durationMs;
    return { label, mnemonic, ordinal, inputs, ...(pastMs === undefined ? {} : { pastMs }) };
  });
  const page = new BuildPage({
    head: {
      build: recorder.build,
      workspace: root,
      asked: targets.map(({ label }) => label),
      startedAt: Date.now(),
    },
    actions,
    settled: new Set([...settled.keys()].flatMap((action) => places.get(action) ?? [])),
    sources: { store, root, history: openHistory(store, scope) },
  });
  if (call.flag('ui')) {
    const say = (line: string): void => printLine(line, stderr);
    const ofWatch = takePageOfWatch();
    await page.serve({ say, ...portOf(call), ...ofWatch });
    if (ofWatch) tellServed();
  }
  return page;
}

/** The port that a call asks for. */
export function portOf(call: Call): { readonly port?: number } {
  const text = call.text('ui-port');
  if (text === undefined) return {};
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return { port };
  return fail('USAGE', `--ui-port takes a number from 1 to 65535, not '${text}'`, { hint: '--ui-port 8080' });
}
