/**
 * Small trees of outputs lie in the result itself, in the metadata that the API leaves room for: who finds the result need
 * not ask for them. They are blobs of the server as well, for those who do not know of this.
 */
import { digestOf } from '../cas.ts';
import type { ActionResult } from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';

const TYPE = 'type.googleapis.com/build.bazel.remote.execution.v2.Tree';
/** Of all in one result, which is a message below 4 MiB. */
const MOST_BYTES = 1024 * 1024;

type Any = NonNullable<ActionResult['executionMetadata']>['auxiliaryMetadata'][number];

export class InlinedTrees {
  readonly messages: { readonly typeUrl: string; readonly value: Uint8Array }[] = [];
  #left = MOST_BYTES;

  /** Takes an encoded `Tree`, as long as there is room. */
  add(value: Uint8Array): void {
    if (value.length > this.#left) return;
    this.#left -= value.length;
    this.messages.push({ typeUrl: TYPE, value });
  }
}

/** Those of a result by their hash, which is made here. */
export function inlinedTrees({ executionMetadata }: ActionResult): ReadonlyMap<string, Uint8Array> {
  const isTree = ({ typeUrl }: Any): boolean => typeUrl === TYPE;
  const trees = executionMetadata?.auxiliaryMetadata.filter(isTree) ?? [];
  return new Map(trees.map(({ value }) => [digestOf(value).hash, value]));
}
