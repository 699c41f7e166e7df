/** What the one who builds is put to. */
export interface Trials {
  readonly length: number;
  /** How many builds come to 12 edits, and how many repetitions of the last one. */
  readonly builds: number;
  readonly again: number;
  /** How often, of 20 builds, something comes in between, and after how many ms at most. */
  readonly disturbed: number;
  readonly withinMs: number;
  /** Builds go through the command line: what it delivers is meddled with. Else, the store is damaged. */
  readonly commandLine: boolean;
  /** How long some pauses are; by default there are none. */
  readonly pauseMs?: number;
}

/** In one process. */
export const IN_PROCESS: Trials = {
  length: 100,
  builds: 7,
  again: 1,
  disturbed: 2,
  withinMs: 40,
  commandLine: false,
};

/** Through the command line. */
export const COMMAND_LINE: Trials = {
  length: 40,
  builds: 8,
  again: 10,
  disturbed: 10,
  withinMs: 1200,
  commandLine: true,
};

/** The same is asked for again and again. */
export const INCREMENTAL: Trials = { ...COMMAND_LINE, length: 60, builds: 1, again: 24, disturbed: 6 };

/** Where times are whole seconds: some pauses are longer than what no time is trusted in. */
export const WHOLE_SECONDS: Trials = { ...INCREMENTAL, length: 40, pauseMs: 2200 };
