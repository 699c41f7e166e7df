/** The outputs of builds, for pages: what they are, disks as maps, what lies in each cell and why, what is in folders and files. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { BLOCK_SIZE, type BlockSource } from '../../disk/index.ts';
import { palette } from '../../report/format.ts';
import type { BuildHistory } from '../../report/history/history.ts';
import type { BuildRecord, RecordedAction } from '../../report/history/record.ts';
import { printableLines } from '../../report/printable.ts';
import { explainAction, whyLines } from '../../report/why.ts';
import { Browser, type Content } from './browse.ts';
import { filePart, usesInCell, type CellUse } from './cell.ts';
import { DiskIndexes } from './disk-index.ts';
import { mapDisk, regionsOf } from './disk-map.ts';
import { Made, sameAction, type BuildActions } from './made.ts';
import { describeOutput, OpenedDisks } from './opened.ts';
import { differenceLines } from './difference.ts';
import type { PageCell, PageDifference, PageDisk, PageItem, PageOther, PageOutput, PageUse } from './protocol.ts';
import { Trails, type Trail } from './trail.ts';

/** Builds with another disk that are offered, and how many records are looked through for them. */
const MOST_OTHERS = 8;
const MOST_RECORDS = 24;
const MOST_USES = 40;
/** Uses of a cell whose trail is followed. */
const MOST_TRAILS = 4;

/** Where outputs come from, and what explains them. */
export interface ArtifactSources {
  readonly store: Store;
  readonly root: string;
  readonly history: BuildHistory;
}

/** An output of an action. */
interface Output {
  readonly action: RecordedAction;
  readonly name: string;
  readonly node: Exclude<Node, { readonly type: 'symlink' }>;
}

/** A build that has another output in its place. */
interface Other extends PageOther, Output {
  readonly record: BuildRecord;
}

export class Artifacts implements Disposable {
  readonly #sources: () => ArtifactSources;
  readonly #made: Made;
  readonly #disks: OpenedDisks;
  readonly #trails: Trails;
  readonly #browser: Browser;
  readonly #indexes = new DiskIndexes();

  /** `sources` is asked each time: the history grows. */
  constructor(sources: () => ArtifactSources) {
    const { store, root } = sources();
    this.#sources = sources;
    this.#made = new Made(store, root);
    this.#disks = new OpenedDisks(store);
    this.#trails = new Trails(store, root, this.#made, this.#disks);
    this.#browser = new Browser(store, root);
  }

  [Symbol.dispose](): void {
    this.#browser[Symbol.dispose]();
    this.#indexes[Symbol.dispose]();
  }

  /** The outputs of an action; none before it has ended. */
  outputs(build: BuildActions, place: number): PageOutput[] {
    const { store } = this.#sources();
    return [...this.#outputs(build, place)].map(([name, node]) => describeOutput(store, name, node));
  }

  /** A disk as a map, beside that of another build: by default, the last one before whose disk differs. */
  disk(build: BuildActions, place: number, name: string, since?: string): PageDisk | undefined {
    const output = this.#output(build, place, name);
    const disk = output && this.#open(output);
    if (!disk) return undefined;
    const { other, others } = this.#compared(build, output, since);
    // It will be asked for.
    void this.#indexes.of(output.node.digest.hash, disk);
    return {
      ...mapDisk(disk, other && this.#open(other)),
      others: others.map(({ build, startedAt }) => ({ build, startedAt })),
      ...(other ? { since: { build: other.build, startedAt: other.startedAt } } : {}),
    };
  }

  /** What lies in a cell of a disk, and what put it there. */
  async cell(build: BuildActions, { place, output: name, cell, since }: CellPlace): Promise<PageCell | undefined> {
    const output = this.#output(build, place, name);
    const disk = output && this.#open(output);
    if (!disk || cell < 0 || cell >= disk.size / BLOCK_SIZE) return undefined;
    const other = since === undefined ? undefined : this.#other(output, since);
    const index = await this.#indexes.of(output.node.digest.hash, disk);
    const region = regionsOf(disk).find(({ first, end }) => first <= cell && cell < end)?.name ?? '';
    const uses = usesInCell({ disk, other: other && this.#open(other), index }, cell, name, region);
    const block = disk.digests?.block(cell);
    const trailOf = (use: CellUse): Trail => {
      const file = filePart(disk, use);
      const wanted = { index: cell, ...(block ? { block } : {}), ...(file ? { file } : {}) };
      return this.#trails.follow(build, output.action, wanted);
    };
    const changed = uses.filter((one) => (one.changed ?? 0) > 0).length;
    const trails = uses.slice(0, Math.min(MOST_TRAILS, changed || 1)).map(trailOf);
    const told = uses.slice(0, MOST_USES).map(({ file: _file, ...one }, at): PageUse => {
      return { ...one, trail: trails[at]?.steps ?? [] };
    });
    const why = this.#why(trails[0]?.action ?? output.action, build, other?.record);
    return { index: cell, region, uses: told, leftOut: uses.length - told.length, why, problems: index.problems };
  }

  /** Where an output differs from that of another build, in the words of `dsmb disk diff` and `dsmb diff`. */
  async difference(
    build: BuildActions,
    place: number,
    name: string,
    since?: string,
  ): Promise<PageDifference | undefined> {
    const output = this.#output(build, place, name);
    if (!output) return undefined;
    const { other, others } = this.#compared(build, output, since);
    const { store, root } = this.#sources();
    return {
      lines: other ? await differenceLines(store, root, other.node, output.node) : [],
      others: others.map(({ build, startedAt }) => ({ build, startedAt })),
      ...(other ? { since: { build: other.build, startedAt: other.startedAt } } : {}),
    };
  }

  /** What is at a place of an output. */
  item(build: BuildActions, place: number, names: readonly string[]): Promise<PageItem | undefined> {
    return this.#browser.item(this.#outputs(build, place), names);
  }

  /** The bytes of a file at a place of an output. */
  content(build: BuildActions, place: number, names: readonly string[]): Promise<Content | undefined> {
    return this.#browser.content(this.#outputs(build, place), names);
  }

  #outputs(build: BuildActions, place: number): ReadonlyMap<string, Node> {
    const action = build.action(place);
    return action ? this.#made.outputs(action) : new Map();
  }

  #output(build: BuildActions, place: number, name: string): Output | undefined {
    const action = build.action(place);
    return action && this.#outputOf(action, name);
  }

  #outputOf(action: RecordedAction, name: string): Output | undefined {
    const node = this.#made.outputs(action).get(name);
    return node && node.type !== 'symlink' ? { action, name, node } : undefined;
  }

  #open({ node }: Output): BlockSource | undefined {
    return this.#disks.of(node);
  }

  /** The build that an output is compared with, and those that are offered: newest first, each with another output. */
  #compared(
    { build }: BuildActions,
    output: Output,
    since: string | undefined,
  ): { readonly other: Other | undefined; readonly others: readonly Other[] } {
    const other = since === undefined ? this.#differing(output, build).next().value : this.#other(output, since);
    const others = [...this.#differing(output).take(MOST_OTHERS)];
    const isOffered = !other || others.some((one) => one.build === other.build);
    if (!isOffered && other.node.digest.hash !== output.node.digest.hash) others.push(other);
    return { other, others: others.sort((a, b) => (a.build < b.build ? 1 : -1)) };
  }

  /** Newest first, those with an output that differs from this one, and from those that came before it. */
  *#differing({ action, name, node }: Output, before?: string): Generator<Other, undefined> {
    const { history } = this.#sources();
    const seen = new Set([node.digest.hash]);
    for (const record of history.newestFirst(before).take(MOST_RECORDS)) {
      const same = sameAction(record.actions, action);
      const output = same && same.key !== action.key ? this.#outputOf(same, name) : undefined;
      if (!output || seen.has(output.node.digest.hash)) continue;
      seen.add(output.node.digest.hash);
      yield { ...output, build: record.build, startedAt: record.startedAt, record };
    }
    return undefined;
  }

  /** That of a build that somebody has chosen. */
  #other({ action, name }: Output, build: string): Other | undefined {
    const { history } = this.#sources();
    const record = history.builds.includes(build) ? history.record(build) : undefined;
    const same = record && sameAction(record.actions, action);
    const output = same && this.#outputOf(same, name);
    return record && output && { ...output, build, startedAt: record.startedAt, record };
  }

  #why(action: RecordedAction, { build }: BuildActions, base: BuildRecord | undefined): string[] {
    const { history, ...sources } = this.#sources();
    const explained = explainAction(sources, history, action, { build }, base);
    return whyLines(explained, palette({ isTTY: false }, {})).map(printableLines);
  }
}

/** Which cell, beside which build. */
export interface CellPlace {
  readonly place: number;
  readonly output: string;
  readonly cell: number;
  readonly since?: string | undefined;
}
