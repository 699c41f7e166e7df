/** The types of steps: actions written in TypeScript. */

/** What a step is given. Paths are absolute and below the sandbox's root. */
export interface StepContext<Spec extends StepSpec> {
  /** The plain data that the rule passed. */
  readonly args: Spec['args'];
  /** Path of each declared input; a file or a folder, read-only. */
  readonly inputs: { readonly [Name in Spec['inputs']]: string };
  /** Optional inputs and lists of inputs end up here under the names that the rule gave them. */
  readonly allInputs: Readonly<Record<string, string>>;
  /** Path to write each declared output to; the parent folder exists, the path itself does not. */
  readonly outputs: { readonly [Name in Spec['outputs']]: string };
  /** A private folder on disk, empty at the start, gone at the end. */
  readonly scratch: string;
  /**
   * A folder that outlives the action and is shared by runs of the same step: content-addressed results of pure
   * functions only. Absent where none is offered; a step must give the same output without it.
   */
  readonly memo: string | undefined;
  /** SHA-256 (hex) of an input's file where the engine handed it over (`hints.digestsOf`): spares hashing it. */
  readonly digestOf: (path: string) => string | undefined;
  /** A read-only raw file of a disk input, where the engine has one (`hints.assembled`). */
  readonly assembled: (input: Spec['inputs']) => string | undefined;
  /** Seconds since 1970 that stands for "now" in everything a step writes. */
  readonly epoch: number;
  /** Tells the console where a long step is: a stage and, where known, 0 to 100. */
  readonly progress: (stage: string, percent?: number) => void;
  /** A line for the action's log. */
  readonly log: (line: string) => void;
}

/** The shape of a step: its arguments (plain data) and the names of its inputs and outputs. */
export interface StepSpec {
  readonly args: unknown;
  readonly inputs: string;
  readonly outputs: string;
}

/** A step: a function with its shape, so that a rule that uses it is checked in the editor. */
export interface Step<Spec extends StepSpec> {
  readonly run: (context: StepContext<Spec>) => Promise<void>;
  /** Type only: carries the shape. */
  readonly spec?: Spec;
}
