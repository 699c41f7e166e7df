/**
 * All that makes the key of an action, said once. Each method feeds two sinks, the encoded message and the named
 * parts, so that an explanation cannot leave out what the key has.
 */
import { digestOf } from '../../cache/cas.ts';
import type { Store } from '../../cache/store.ts';
import { encodeAction, encodeCommand, type CommandData } from '../../cache/reapi/messages.ts';
import type { Entries, Node } from '../../cache/tree.ts';
import type { Digest } from '../model/digest.ts';
import { textNode } from './content.ts';
import { flatten, nodeValue, type Part, type PartKind, type PartOrigin } from './parts.ts';

type Directory = Node & { readonly type: 'directory' };

/** What a recipe comes to. */
export interface Sealed {
  readonly key: Digest;
  readonly command: CommandData;
  /** `Command` and `Action`, encoded. */
  readonly messages: readonly [command: Uint8Array, action: Uint8Array];
  /** Sets its result apart from that of others. */
  readonly salt: string;
  readonly inputRoot: Directory;
  readonly base: Directory;
  readonly inputs: ReadonlyMap<string, Node>;
  readonly files: ReadonlyMap<string, Node>;
  /** What of the input root is in the store, by path. */
  readonly madeOf: () => Entries;
  readonly parts: () => readonly Part[];
}

export class Recipe {
  readonly #store: Store;
  /** Parts are made when somebody asks: a build with nothing to do does not. */
  readonly #parts: (() => Part | Part[])[] = [];
  #argv: readonly string[] = [];
  readonly #env: Record<string, string> = {};
  readonly #platform: Record<string, string> = {};
  readonly #outputs: CommandData['outputs'][number][] = [];
  #mountPoints: readonly string[] = [];
  readonly #toolchains: Node[] = [];
  readonly #inputs = new Map<string, Node>();
  readonly #files = new Map<string, Node>();
  #timeoutMs = 0;
  #salt = '';

  constructor(store: Store) {
    this.#store = store;
  }

  command(argv: readonly string[]): void {
    this.#argv = argv;
    this.#say('command', '', () => argv.join('\0'));
  }

  variable(name: string, value: string): void {
    this.#env[name] = value;
    this.#say('variable', name, () => value);
  }

  platform(name: string, value: string): void {
    this.#platform[name] = value;
    this.#say('platform', name, () => value);
  }

  /** A file or folder that is written to `/out`. */
  output(name: string, shape: 'file' | 'folder'): void {
    this.#outputs.push({ path: `out/${name}`, shape });
    this.#say('output', name, () => shape);
  }

  timeout(ms: number): void {
    this.#timeoutMs = ms;
    this.#say('timeout', '', () => String(ms));
  }

  salt(salt: string): void {
    this.#salt = salt;
    this.#say('salt', '', () => salt);
  }

  /** Empty folders that the sandbox mounts over. */
  mountPoints(names: readonly string[]): void {
    this.#mountPoints = names;
    this.#say('mount points', '', () => names.join(' '));
  }

  toolchain(name: string, node: Node, origin: PartOrigin): void {
    this.#toolchains.push(node);
    this.#say('toolchain', name, () => nodeValue(node), { origin });
  }

  /** What is at `/in/<name>`. */
  input(name: string, node: Node, origin: PartOrigin): void {
    this.#inputs.set(name, node);
    this.#say('input', name, () => nodeValue(node), { origin });
  }

  /** The text that an action without a process writes. */
  content(text: string): void {
    const node = textNode(this.#store, text);
    this.#files.set('content', node);
    this.#say('content', '', () => nodeValue(node));
  }

  /** A bundled step. */
  step(path: string, bundle: Node, modules: ReadonlyMap<string, string>): void {
    this.#files.set('step.mjs', bundle);
    this.#parts.push(() => ({
      kind: 'step',
      name: path,
      value: nodeValue(bundle),
      modules: Object.fromEntries(modules),
    }));
  }

  /** What a step is asked to do: its arguments; and under which keys it knows inputs and outputs. */
  request(args: unknown, outputs: Readonly<Record<string, string>>): void {
    const inputs = Object.fromEntries([...this.#inputs.keys()].map((name) => [name, `/in/${name}`]));
    this.#files.set('step.json', textNode(this.#store, canonicalJson({ args, inputs, outputs })));
    this.#parts.push(() => flatten(args).map(([name, value]) => ({ kind: 'argument', name, value })));
    for (const [key, path] of Object.entries(outputs)) this.#say('output', `${key}:`, () => path);
  }

  seal(): Sealed {
    const { trees } = this.#store;
    const command = { argv: this.#argv, env: this.#env, outputs: this.#outputs, platform: this.#platform };
    const base = baseRoot(this.#store, this.#mountPoints, this.#toolchains);
    const root = new Map(trees.entries(base.digest));
    root.set('in', trees.name(this.#inputs));
    root.set('dsmb', trees.name(this.#files));
    const inputRoot = trees.name(root);
    const { platform } = command;
    const encodedCommand = encodeCommand(command);
    const encodedAction = encodeAction({
      command: digestOf(encodedCommand),
      inputRoot: inputRoot.digest,
      timeoutMs: this.#timeoutMs,
      platform,
      salt: this.#salt,
    });
    return {
      key: digestOf(encodedAction),
      command,
      messages: [encodedCommand, encodedAction],
      salt: this.#salt,
      inputRoot,
      base,
      inputs: this.#inputs,
      files: this.#files,
      madeOf: () => new Map([['.', base], ...below('in', this.#inputs), ...below('dsmb', this.#files)]),
      parts: () => this.#parts.flatMap((part) => part()),
    };
  }

  #say(kind: PartKind, name: string, value: () => string, more: Pick<Part, 'origin'> = {}): void {
    this.#parts.push(() => ({ kind, name, value: value(), ...more }));
  }
}

function below(folder: string, nodes: Entries): [path: string, node: Node][] {
  return [...nodes].map(([name, node]) => [`${folder}/${name}`, node]);
}

/** The part of the root that actions share: toolchains, and empty folders to mount over. */
export function baseRoot(store: Store, mountPoints: readonly string[], toolchains: readonly Node[]): Directory {
  return store.trees.merge([emptyFolders(store, mountPoints), ...toolchains]) as Directory;
}

/** The same for every action: made once, and again only when the store has lost it. */
function emptyFolders(store: Store, names: readonly string[]): Node {
  const known = EMPTY_FOLDERS.get(store);
  if (known?.names === names && store.cas.has(known.node.digest)) return known.node;
  const empty = store.trees.store(new Map());
  const node = store.trees.store(new Map(names.map((name) => [name, empty]))) as Directory;
  EMPTY_FOLDERS.set(store, { names, node });
  return node;
}

const EMPTY_FOLDERS = new WeakMap<Store, { readonly names: readonly string[]; readonly node: Directory }>();

/** JSON with sorted keys: the same data gives the same text, whatever order it was written in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}
