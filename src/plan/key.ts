/** The key of an action: the digest of its encoded Remote-Execution-API `Action`. All that is in it is named here. */
import type { Store } from '../../cache/store.ts';
import { encodeAction, encodeCommand, type CommandData } from '../../cache/reapi/messages.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { Digest } from '../model/digest.ts';
import { ENVIRONMENT, MOUNT_POINTS, PLATFORM } from './runtime.ts';
import { textNode } from './content.ts';

/** An action with all its content known: what runs, where, and the digest that names it. */
export interface PlannedAction {
  readonly node: ActionNode;
  readonly key: Digest;
  readonly command: CommandData;
  readonly commandDigest: Digest;
  /** The whole root: toolchains, step, inputs. */
  readonly inputRoot: Node & { readonly type: 'directory' };
  /** The part of the root that is shared between actions: toolchains and empty mount points. */
  readonly base: Node & { readonly type: 'directory' };
  /** What lies in `/in` and in `/dsmb`. */
  readonly inputs: ReadonlyMap<string, Node>;
  readonly files: ReadonlyMap<string, Node>;
}

/** The content that the key is made of. */
export interface ActionContent {
  readonly inputs: ReadonlyMap<string, Node>;
  readonly toolchains: readonly Node[];
  /** The bundled step; absent for other work. */
  readonly bundle?: Node;
}

/** Makes the key. Pure but for storing the small blobs (directories, command, action) that a remote worker would read. */
export function planAction(store: Store, node: ActionNode, content: ActionContent, salt = ''): PlannedAction {
  const command = commandOf(node);
  const files = filesOf(store, node, content);
  const base = store.trees.merge([...content.toolchains, mountPoints(store)]) as PlannedAction['base'];
  const root = new Map(store.trees.entries(base.digest));
  root.set('in', store.trees.build(content.inputs));
  root.set('dsmb', store.trees.build(files));
  const inputRoot = store.trees.store(root) as PlannedAction['inputRoot'];
  const commandDigest = store.cas.put(encodeCommand(command));
  const key = store.cas.put(
    encodeAction({
      command: commandDigest,
      inputRoot: inputRoot.digest,
      timeoutMs: node.timeoutMs,
      platform: PLATFORM,
      salt,
    }),
  );
  return { node, key, command, commandDigest, inputRoot, base, inputs: content.inputs, files };
}

function commandOf({ work, outputs }: ActionNode): CommandData {
  const paths = Object.values(outputs).map(({ name, kind }) => ({ path: `out/${name}`, shape: kind.shape }));
  switch (work.type) {
    case 'write':
      // No process runs: the output is the content, which is in the input root.
      return { argv: ['dsmb-write'], env: {}, outputs: paths, platform: PLATFORM };
    case 'run':
      return { argv: work.argv, env: { ...ENVIRONMENT, ...work.env }, outputs: paths, platform: PLATFORM };
    case 'step':
      return { argv: ['/usr/bin/node', '/dsmb/step.mjs'], env: ENVIRONMENT, outputs: paths, platform: PLATFORM };
  }
}

/** The files of `/dsmb`: the step and what it is asked to do, or the content to write. */
function filesOf(store: Store, node: ActionNode, content: ActionContent): Map<string, Node> {
  const { work } = node;
  if (work.type === 'write') return new Map([['content', textNode(store, work.content)]]);
  if (work.type === 'run' || !content.bundle) return new Map();
  const request = {
    args: work.args,
    inputs: Object.fromEntries([...content.inputs.keys()].map((name) => [name, `/in/${name}`])),
    outputs: Object.fromEntries(Object.entries(node.outputs).map(([key, { name }]) => [key, `/out/${name}`])),
  };
  return new Map([
    ['step.mjs', content.bundle],
    ['step.json', textNode(store, canonicalJson(request))],
  ]);
}

function mountPoints(store: Store): Node {
  const empty = store.trees.store(new Map());
  return store.trees.store(new Map(MOUNT_POINTS.map((name) => [name, empty])));
}

/** JSON with sorted keys: the same data gives the same text, whatever order it was written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}

