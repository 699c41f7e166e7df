/** What the page is told of the outputs of actions. Names are shown as they are told; paths are sent back as they came. */
import type { CellRun } from '../../disk/cells.ts';

export type { CellState } from '../../disk/cells.ts';

/** An output of an action. */
export interface PageOutput {
  readonly name: string;
  /** `image`: a file that is a disk, or has a file system. */
  readonly kind: 'disk' | 'image' | 'folder' | 'file' | 'symlink';
  /** Bytes; of a folder, absent. */
  readonly size?: number;
  /** `hash/size`. */
  readonly digest?: string;
  /** Why it cannot be read. */
  readonly problem?: string;
}

/** A build that had another output than this one. */
export interface PageOther {
  readonly build: string;
  readonly startedAt: number;
}

/** A partition, or what lies beside partitions. Cells of 1 MiB; one that two share belongs to the first. */
export interface PageRegion {
  readonly name: string;
  readonly first: number;
  readonly end: number;
}

/** A disk as a map. */
export interface PageDisk {
  /** Bytes. */
  readonly size: number;
  readonly regions: readonly PageRegion[];
  readonly runs: readonly CellRun[];
  /** The build that it is compared with. */
  readonly since?: PageOther;
  /** Newest first, those with a disk that differs. */
  readonly others: readonly PageOther[];
}

/** Where an output differs from that of another build. */
export interface PageDifference {
  readonly lines: readonly string[];
  readonly since?: PageOther;
  readonly others: readonly PageOther[];
}

/** What some bytes of a cell are used for. */
export interface PageUse {
  readonly kind: 'file' | 'folder' | 'metadata' | 'other';
  readonly name: string;
  /** Where it is among the output's entries. */
  readonly at?: readonly string[];
  /** How many of its bytes lie in the cell, and how many of these differ; absent where nothing is compared. */
  readonly bytes: number;
  readonly changed?: number;
  /** Where the bytes come from, the nearest first. */
  readonly trail: readonly PageStep[];
}

/** A place that bytes came from: an input of an action, or the action itself. */
export interface PageStep {
  readonly text: string;
  /** The action, where it is one of the build. */
  readonly place?: number;
}

/** What lies in a cell of a disk, and what put it there. */
export interface PageCell {
  readonly index: number;
  readonly region: string;
  readonly uses: readonly PageUse[];
  /** Uses that are not told. */
  readonly leftOut: number;
  /** In the words of `dsmb why`: of the last action of the trail. */
  readonly why: readonly string[];
  /** What of the disk cannot be read. */
  readonly problems: readonly string[];
}

/** Something in a folder, an archive or a file system. */
export interface PageEntry {
  /** As it is there. */
  readonly name: string;
  /** As it is shown. */
  readonly shown: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'special';
  readonly size?: number;
  readonly target?: string;
  /** Mode, owner, attributes, time. */
  readonly properties?: string;
}

/** What is at a place of an output. */
export interface PageItem {
  /** The names on the way there, as they are shown. */
  readonly way: readonly string[];
  readonly entry: PageEntry;
  /** Its format, where that is known. */
  readonly format?: string;
  readonly digest?: string;
  /** Of what holds others. */
  readonly entries?: readonly PageEntry[];
  /** Entries that are not told. */
  readonly leftOut?: number;
  readonly text?: string;
  /** Bytes that follow the text. */
  readonly textLeftOut?: number;
  /** Base64. */
  readonly picture?: { readonly type: string; readonly data: string };
  /** What cannot be read, or is too large to be looked into. */
  readonly problem?: string;
}

/** What a page that nobody serves knows of outputs. */
export interface CarriedArtifacts {
  /** By place. */
  readonly outputs: Readonly<Record<number, readonly PageOutput[]>>;
  /** By place and name, as `place/name`. */
  readonly disks: Readonly<Record<string, CarriedDisk>>;
}

export interface CarriedDisk {
  readonly disk: PageDisk;
  readonly cells: readonly PageCell[];
}
