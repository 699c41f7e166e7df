/** What servers are told of an action. */
import type { Digest } from '../../src/model/digest.ts';
import type { Entries, Node } from '../tree.ts';
import type { Expected } from './import.ts';
import type { Sent } from './uploads.ts';

/** What a worker can run. */
export interface RunnableAction extends Pick<Sent, 'messages'> {
  readonly key: Digest;
  readonly inputRoot: Node;
}

/** An action as servers know it. */
export interface RemoteAction extends Sent, RunnableAction {
  readonly command: Pick<Expected, 'outputs'>;
  readonly madeOf: () => Entries;
  /** What workers run in its place, with the same outputs. */
  readonly runAs?: RunnableAction | undefined;
}
