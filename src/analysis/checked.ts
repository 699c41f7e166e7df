/**
 * What a rule declares, looked at as it is declared. The compiler says the same; but a build runs rules that it has not seen,
 * and what is wrong here would show much later, and without the line of the rule.
 */
import { isTaken, isKind } from '../model/attribute.ts';
import { fail } from '../model/diagnostic.ts';
import type { Kind } from '../model/kind.ts';
import type { Needs, Output, Outputs } from '../model/rule.ts';
import { nearest } from '../load/nearest.ts';
import { ArtifactReference } from './action.ts';
import { withArticle } from './taken.ts';

const MAX_NAME_BYTES = 255;
/** Timers of Node take no more, and those that are asked for more end at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function bad(message: string, hint?: string): never {
  return fail('BAD_RULE', message, hint === undefined ? {} : { hint });
}

/** What a call is given by name, none of it in vain: what nobody reads is a slip of the pen. */
export function checkMembers(of: unknown, known: readonly string[], what: string): void {
  if (!isMembers(of)) return bad(`${what} is ${show(of)}, not an object`);
  const unknown = Object.keys(of).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, known);
  bad(`${what} has no '${unknown}'`, close ? `did you mean ${close}?` : `it has ${known.join(', ')}`);
}

export function checkedMnemonic(mnemonic: unknown): string {
  if (typeof mnemonic !== 'string' || mnemonic === '') return bad('an action has no mnemonic');
  return /\p{Cc}/u.test(mnemonic) ? bad(`the mnemonic ${JSON.stringify(mnemonic)} has a control character`) : mnemonic;
}

/** A path below a folder, whose parts can be names of files. */
export function checkedPath(path: unknown, what: string): string {
  if (typeof path !== 'string') return bad(`${what} is not a string`);
  const wrong = path.split('/').find((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
  if (wrong !== undefined) return bad(`${what} is ${JSON.stringify(path)}, which is not a path below a folder`);
  const long = path.split('/').some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  return long ? bad(`${what} has a name of more than ${MAX_NAME_BYTES} bytes`) : path;
}

export function checkedKind(kind: unknown, what: string): Kind {
  return isTaken(kind) && isKind(kind) ? kind : bad(`${what} has no kind`);
}

/** Artifacts by the names that an action has for them, each of which is that of one file or folder. */
export function checkedInputs(of: unknown): Map<string, ArtifactReference> {
  const inputs = checkedArtifacts(of, 'input');
  const deep = inputs.keys().find((name) => name.includes('/'));
  if (deep === undefined) return inputs;
  return bad(
    `the name of an input is ${JSON.stringify(deep)}, which is a path`,
    'compose a folder, and give it as one input',
  );
}

/** Artifacts by the names that an action, or a folder, has for them. */
export function checkedArtifacts(of: unknown, what: string): Map<string, ArtifactReference> {
  if (!isMembers(of)) return bad(`${what}s are not an object of artifacts by name`);
  return new Map(
    Object.entries(of).map(([name, artifact]) => {
      checkedPath(name, `the name of ${withArticle(what)}`);
      return [name, artifact instanceof ArtifactReference ? artifact : bad(`${what} '${name}' is not an artifact`)];
    }),
  );
}

export function checkedToolchains(of: unknown): ArtifactReference[] {
  if (!Array.isArray(of)) return bad('`toolchains` is not a list');
  return of.map((one: unknown) =>
    one instanceof ArtifactReference && one.kind.name === 'Toolchain'
      ? one
      : bad('`toolchains` has something that is not a toolchain', "toolchains: [actions.toolchain(toolchain('sed'))]"),
  );
}

/** A kind alone is an output under the name that the rule has for it. */
export function checkedOutputs(of: Outputs): Readonly<Record<string, Output>> {
  if (!isMembers(of)) return bad('`outputs` is not an object');
  const outputs = Object.entries(of).map(([key, one]) => [key, checkedOutput(one, key)] as const);
  const names = outputs.map(([, { name }]) => name);
  const taken = names.find((name, index) =>
    names.some((other, place) => place !== index && (other === name || other.startsWith(`${name}/`))),
  );
  return taken === undefined ? Object.fromEntries(outputs) : bad(`two outputs are written to ${taken}`);
}

/** `key`: the name that the rule has for it. */
export function checkedOutput(of: Output | Kind, key: string): Output {
  if (!isMembers(of))
    return bad(`output '${key}' is neither a kind nor { name, kind }`, '{ name: "x.txt", kind: File }');
  if ('shape' in of) return { name: checkedPath(key, 'the name of an output'), kind: of as Kind };
  const { name, kind } = of as Output;
  return { name: checkedPath(name, `name of output '${key}'`), kind: checkedKind(kind, `output '${key}'`) };
}

/** A program and its arguments. */
export function checkedArgv(argv: unknown): readonly string[] {
  if (!Array.isArray(argv) || argv.length === 0) return bad('`argv` is not a list with a program');
  return argv.map((one: unknown, index) => checkedWord(one, `argv[${index}]`));
}

export function checkedEnv(env: unknown): Readonly<Record<string, string>> {
  if (!isMembers(env)) return bad('`env` is not an object');
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name)) bad(`${JSON.stringify(name)} cannot be the name of a variable`);
    checkedWord(value, `env.${name}`);
  }
  return env as Readonly<Record<string, string>>;
}

/** What the kernel hands to a program ends with its first zero byte. */
function checkedWord(word: unknown, what: string): string {
  if (word instanceof ArtifactReference)
    return bad(`${what} is an artifact`, 'give it as an input, and its path here: /in/NAME');
  if (typeof word !== 'string') return bad(`${what} is ${show(word)}, not a string`);
  if (!word.isWellFormed()) return bad(`${what} has half of a character: ${JSON.stringify(word)}`);
  return word.includes('\0') ? bad(`${what} has a zero byte`) : word;
}

export function checkedContent(content: unknown, name: string): string {
  return typeof content === 'string' ? content : bad(`the content of ${name} is ${show(content)}, not a string`);
}

/** What can be written down as JSON and read again: nothing else reaches a step. */
export function checkedArgs(value: unknown, what = 'args', above: readonly unknown[] = []): unknown {
  if (value instanceof ArtifactReference)
    return bad(`${what} is an artifact`, 'give it as an input; a step has its path');
  if (Array.isArray(value) || isPlain(value)) {
    if (above.includes(value)) return bad(`${what} contains itself`);
    for (const [key, item] of Object.entries(value))
      checkedArgs(item, Array.isArray(value) ? `${what}[${key}]` : `${what}.${key}`, [...above, value]);
    return value;
  }
  const isData = value === null || ['string', 'boolean', 'undefined'].includes(typeof value) || Number.isFinite(value);
  return isData ? value : bad(`${what} is ${show(value)}, which is not plain data`);
}

export function checkedHints<Hints extends object>(hints: Hints, inputs: ReadonlyMap<string, unknown>): Hints {
  const { digestsOf = [], assembled = [] } = hints as { digestsOf?: readonly string[]; assembled?: readonly string[] };
  for (const name of [...digestsOf, ...assembled])
    if (!inputs.has(name)) bad(`\`hints\` names '${name}', which is not an input`, `its inputs: ${namesOf(inputs)}`);
  return hints;
}

/** What an action may need, and of what type it is. */
const NEEDS: Readonly<Record<keyof Needs, 'number' | 'boolean'>> = {
  ...{ memoryMiB: 'number', cpus: 'number', diskMiB: 'number' },
  ...{ vm: 'boolean', kvm: 'boolean' },
};

export function checkedNeeds(needs: Needs): Needs {
  checkMembers(needs, Object.keys(NEEDS), '`needs`');
  for (const [name, type] of Object.entries(NEEDS)) {
    const value = needs[name as keyof Needs];
    const isRight = typeof value === 'number' ? value > 0 && value < Infinity : true;
    if (value !== undefined && (typeof value !== type || !isRight)) bad(`needs.${name} is ${show(value)}`);
  }
  return needs;
}

export function checkedTimeout(mnemonic: string, timeoutMs: number): number {
  if (Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  return bad(`timeoutMs of ${mnemonic} is ${timeoutMs}, and must be a whole number from 1 to ${MAX_TIMEOUT_MS}`);
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): value is object {
  return isMembers(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
}

function namesOf(inputs: ReadonlyMap<string, unknown>): string {
  return [...inputs.keys()].join(', ') || 'none';
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return withArticle(value.constructor?.name ?? 'object');
  return typeof value === 'function' ? 'a function' : String(value);
}
