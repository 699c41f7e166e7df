/** Every event of a build as a line of JSON, for programs that follow it. */
import type { BuildEvent } from '../model/event.ts';
import { printableJson } from './printable.ts';
import type { ReportFile } from './report-file.ts';

/** The version of what the lines hold: raised when a field changes its meaning or goes, not when one is added. */
const SCHEMA = 1;

export class EventsFile {
  readonly #file: ReportFile;

  constructor(file: ReportFile) {
    this.#file = file;
  }

  /** A reader that goes away, or a full disk, ends the events and not the build. */
  readonly listen = (event: BuildEvent): void => {
    // Pictures are for pages: they would be most of the file.
    if (event.type === 'machine-shown') return;
    const time = performance.timeOrigin + performance.now();
    const schema = event.type === 'build-started' ? { schema: SCHEMA } : {};
    this.#file.write(`${printableJson({ time, ...event, ...schema }, undefined, rounded)}\n`);
  };
}

/** Times to the microsecond: more was not measured. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
