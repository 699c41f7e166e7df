/** What went over the network, in bytes of content: results of actions, their trees, and files. */

export type Kind = 'results' | 'trees' | 'files';
export type Bytes = Record<Kind, number>;

export class Traffic {
  readonly read: Bytes = { results: 0, trees: 0, files: 0 };
  readonly written: Bytes = { results: 0, trees: 0, files: 0 };
}
