/** The builds that the history remembers. */
import { formatDuration, plural } from '../../report/format.ts';
import type { PastBuild } from '../protocol.ts';
import { element } from './dom.ts';

export function pastList(builds: readonly PastBuild[], open: (build: string) => void): HTMLElement {
  if (builds.length === 0) return element('p', { class: 'empty' }, 'Nothing was built here yet.');
  return element(
    'ol',
    { class: 'past', 'aria-label': 'Past builds, newest first' },
    ...builds.map((build) => element('li', {}, rowOf(build, open))),
  );
}

function rowOf(build: PastBuild, open: (build: string) => void): HTMLElement {
  const { success, durationMs, ran, actions, asked, startedAt } = build;
  const end = success === undefined ? 'did not end' : success ? 'succeeded' : 'failed';
  const state = success === undefined ? 'skipped' : success ? 'executed' : 'failed';
  return element(
    'button',
    { type: 'button', 'data-state': state, click: () => open(build.build) },
    element('span', { class: 'mark', 'aria-hidden': 'true' }),
    element('time', { datetime: new Date(startedAt).toISOString() }, new Date(startedAt).toLocaleString()),
    element('span', { class: 'name' }, asked.join(' ')),
    element(
      'span',
      { class: 'what' },
      `${end}${durationMs === undefined ? '' : ` in ${formatDuration(durationMs)}`}, ${ran} of ${plural(actions, 'action')} ran`,
    ),
  );
}
