/** A build tool that is measured, and what its graphs are written with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Graph } from './shapes.ts';

export interface Tool {
  readonly name: string;
  /** A program that must be installed, and what installs it. */
  readonly needs?: { readonly program: string; readonly hint: string };
  /** Packages of npm, pinned, that are installed beside the graph. */
  readonly packages?: Readonly<Record<string, string>>;
  /** More actions than this take it so long that they are measured only when it is asked for by name. */
  readonly most: number;
  /** Writes what it reads. */
  readonly write: (folder: string, graph: Graph) => void;
  /** The source of an action, relative to the folder. */
  readonly source: (action: number) => string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends what it has left running. */
  readonly stop?: readonly string[];
}

/** A source that no earlier run has seen. */
export function writeSource(tool: Tool, folder: string, action: number): void {
  writeText(folder, tool.source(action), `${action} ${crypto.randomUUID()}\n`);
}

export function writeText(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
