/** What servers are told of an action. */
import type { Digest } from '../../src/model/digest.ts';
import type { Entries, Node } from '../tree.ts';
import type { Expected } from './import.ts';
import type { Sent } from './uploads.ts';

/** An action as servers know it. */
export interface RemoteAction extends Sent {
  readonly key: Digest;
  readonly command: Pick<Expected, 'outputs'>;
  readonly inputRoot: Node;
  readonly madeOf: () => Entries;
}
