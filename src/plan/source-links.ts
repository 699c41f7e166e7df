/** Symlinks in a source folder: they lead to something in it, wherever the folder lies. */
import { realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { targetOf } from '../../cache/names.ts';
import type { Node } from '../../cache/tree.ts';
import { Looks } from '../../cache/ways.ts';
import { fail } from '../model/diagnostic.ts';
import { shellWord } from '../model/shell-word.ts';

export class SourceLinks {
  readonly #folder: string;
  readonly #leftOut: ReadonlySet<string>;
  readonly #looks = new Looks();
  #root: string | undefined;

  /** `leftOut`: names that are not part of the source. */
  constructor(folder: string, leftOut: ReadonlySet<string>) {
    this.#folder = folder;
    this.#leftOut = leftOut;
  }

  /**
   * A link of the folder as an action finds it. Where one is led is what counts: a text that leads into the folder from
   * outside, as an absolute path does, becomes the relative one.
   */
  node(link: string): Node {
    const real = join(this.#realRoot(), relative(this.#folder, link));
    const { end, exists } = this.#looks.way(real);
    if (!exists) return broken(link, end, this.#looks);
    if (!this.#has(end)) return escapes(link, end, this.#folder);
    const target = targetOf(link);
    if (this.#staysInside(dirname(real), target)) return { type: 'symlink', target };
    return { type: 'symlink', target: relative(dirname(real), end) || '.' };
  }

  /** Without a symlink in it. */
  #realRoot(): string {
    return (this.#root ??= realpathSync(this.#folder));
  }

  /** Whether a path, free of links, is the folder or in it. */
  #has(path: string): boolean {
    const names = relative(this.#realRoot(), path).split('/');
    return names[0] !== '..' && !names.some((name) => this.#leftOut.has(name));
  }

  /** Whether one who follows a text name by name never leaves the folder. */
  #staysInside(from: string, target: string): boolean {
    if (target.startsWith('/')) return false;
    let at = from;
    return target.split('/').every((name) => {
      at = this.#looks.way(`${at}/${name}`).end;
      return this.#has(at);
    });
  }
}

/** Where a symlink leads that leads to nothing. */
export function nowhere(end: string, looks: Looks): string {
  return looks.stamp(end)[2] >= 0 ? 'in a circle' : `to ${end}, where nothing is`;
}

function broken(link: string, end: string, looks: Looks): never {
  const quoted = shellWord(link);
  return fail('SOURCE_LINK_BROKEN', `the symlink ${link} leads ${nowhere(end, looks)}`, {
    hint: `remove it (rm ${quoted}), or point it at something in its folder: ln -sfn TARGET ${quoted}`,
  });
}

function escapes(link: string, end: string, folder: string): never {
  const [from, to] = [shellWord(end), shellWord(link)];
  return fail('SOURCE_LINK_ESCAPES', `the symlink ${link} leads to ${end}, which is not part of the source ${folder}`, {
    hint: `put a copy in its place: rm ${to} && cp -rL ${from} ${to}`,
  });
}
