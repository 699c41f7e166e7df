/** What is known of a delivered output: what was put there, and how it looked then. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { sameNode, type Node } from '../../cache/tree.ts';

/** What lies in the folder of a target. */
export interface Content {
  readonly node: Node;
  /** Of a file, a symlink, or a disk, which lies there as one raw file; empty for a folder, whose entries lie there. */
  readonly name: string;
}

export interface DeliveryRecord extends Content {
  /** Of `LaidOut`. */
  readonly fingerprint: string;
  /** Paths below the folder that could change after the look without the fingerprint showing it. */
  readonly unsure: readonly string[];
}

export function isSameContent(some: Content, other: Content): boolean {
  return some.name === other.name && sameNode(some.node, other.node);
}

/** Undefined where there is none, or one that was cut by a kill. */
export function readRecord(path: string): DeliveryRecord | undefined {
  try {
    const { node, name, fingerprint, unsure } = JSON.parse(readFileSync(path, 'utf8')) as DeliveryRecord;
    return { node, name, fingerprint, unsure: [...unsure] };
  } catch {
    return undefined;
  }
}

/** In the place of what is there, also of a link. One that a kill cuts is none; a temporary file would stay. */
export function writeRecord(path: string, record: DeliveryRecord): void {
  rmSync(path, { force: true });
  writeFileSync(path, JSON.stringify(record), { flag: 'wx' });
}
