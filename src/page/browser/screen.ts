/** What the views of a build share: the build itself, what is chosen in it, and who wants to know of changes. */
import type { Build } from './build.ts';

/** A part of the page that shows the build in its own way. */
export interface View {
  readonly element: HTMLElement;
  /** Something has changed: what is told of the build, what is chosen, or the place for it. */
  refresh(): void;
}

export class Screen {
  build: Build;
  /** The place of the action that is chosen. */
  chosen: number | undefined;
  /** The reader has chosen: from then on nothing is chosen for them. */
  touched = false;
  readonly #whenChosen: () => void;

  constructor(build: Build, whenChosen: () => void) {
    this.build = build;
    this.#whenChosen = whenChosen;
  }

  choose(place: number | undefined): void {
    this.touched = true;
    if (place === this.chosen) return;
    this.chosen = place;
    this.#whenChosen();
  }

  /** Of the build, in milliseconds. */
  get elapsedMs(): number {
    return this.build.head.elapsedMs ?? 0;
  }
}
