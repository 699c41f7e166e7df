/** Which paths and programs the log of a failed action names as missing, as common programs say it. */

/** What was looked for, in the order of the log, each once. */
export interface Missing {
  readonly paths: readonly string[];
  readonly programs: readonly string[];
  /** Those of them that something has tried to start, beyond doubt. */
  readonly started: readonly string[];
}

/** Quoted paths may have blanks; others end at one. */
const PATHS: readonly RegExp[] = [
  // Node: ENOENT: no such file or directory, open '/in/x'
  /\b(?:ENOENT|ENOTDIR)\b[^'\n]*'([^'\n]+)'/g,
  // Python: [Errno 2] No such file or directory: '/in/x'
  /No such file or directory: ?['"]([^'"\n]+)['"]/g,
  // coreutils: cannot open '/in/x' for reading: No such file or directory
  /['"‘`]([^'"‘’`\n]+)['"’`](?: for reading)?:? (?:No such file|Not a directory)\b/g,
  // tar: /in/x: Cannot stat: No such file or directory
  /: ([^:\n]+): Cannot [\w ]+: No such file\b/g,
  // cat, gcc, dash: /in/x: No such file
  /(?<!\b(?:for|Cannot) )(?<![^\s'"‘’`:(])([^\s'"‘’`:(]+)(?: for reading)?: (?:No such file|Not a directory)\b/g,
];
const PROGRAMS: readonly RegExp[] = [
  /(?:^|[\s:])([\w./+-]+): (?:command )?not found$/gm,
  /\bexecvp ([\w./+-]+): No such file/g,
  /^(?:.* )?([\w./+-]+) is not in the toolchain$/gm,
];
const STARTED: readonly RegExp[] = [
  ...PROGRAMS.slice(1),
  // dash: /bin/dash: 1: sed: not found
  /^\S*sh: (?:line )?\d+: ([\w./+-]+): (?:command )?not found$/gm,
];
const MAX_FOUND = 50;

/** Reads the end of a log, and what a step said of its failure. */
export function missingIn(text: string): Missing {
  const programs = matches(text, PROGRAMS);
  const paths = matches(text, PATHS).filter((path) => !programs.includes(path));
  return { paths, programs, started: matches(text, STARTED) };
}

function matches(text: string, patterns: readonly RegExp[]): string[] {
  const found = patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ index, 1: path = '' }) => ({ index, path })),
  );
  return [...new Set(found.toSorted((a, b) => a.index - b.index).map(({ path }) => path))].slice(0, MAX_FOUND);
}
