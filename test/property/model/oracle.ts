/** What a build must give, and what each action is made of: computed from the project alone, without any cache. */
import { at, file, filled, folder, inFull, link, type Content, type Folder } from './content.ts';
import { sourceContent } from './links.ts';
import { shapeOfStep, wordsOfRules, wordsOfStep } from './modules.ts';
import {
  clashingPackage,
  fileNameOf,
  inputsOf,
  nameOf,
  partOf,
  textOf,
  validationsOf,
  type Spec,
  type TargetSpec,
} from './spec.ts';

/** As much of a file as actions read. */
const READ_BYTES = 1024;

export interface Expected {
  readonly name: string;
  /** Under which its artifact is laid out, where that is a file. */
  readonly fileName: string;
  /** Undefined where it cannot be built. */
  readonly content: Content | undefined;
  /** All that its action's output depends on, as text; undefined where it has no action, or one that cannot start. */
  readonly key: string | undefined;
  /** The outputs of the action, whether or not all of them are its artifact. */
  readonly inputs: readonly number[];
  readonly validations: readonly number[];
}

/** What is expected of each target. */
export function expectations(spec: Spec): Expected[] {
  const made: Expected[] = [];
  for (const [index, target] of spec.targets.entries()) {
    const references = inputsOf(spec, target, index);
    const inputs = references.map((one) =>
      one.type === 'source' ? sourceContent(spec.sources, one.path) : made[one.index]!.content,
    );
    made.push({
      name: nameOf(spec, index),
      fileName: fileNameOf(spec, target, index),
      ...outcome(spec, target, index, inputs),
      inputs: references.flatMap((one) => (one.type === 'target' ? [one.index] : [])),
      validations: validationsOf(target, index),
    });
  }
  return made;
}

/** The targets that a build of some brings up to date: they, their inputs, and what validates any of them. */
export function closure(expected: readonly Expected[], asked: readonly number[]): Set<number> {
  const found = new Set<number>();
  const visit = (index: number): void => {
    if (found.has(index)) return;
    found.add(index);
    expected[index]!.inputs.forEach(visit);
    expected[index]!.validations.forEach(visit);
  };
  asked.forEach(visit);
  return found;
}

/** Whether some targets cannot be asked for: the outputs of one would lie where those of a package do. */
export function isRefused(spec: Spec, asked: readonly number[]): boolean {
  const [folder] = clashingPackage(spec)?.split('/') ?? [];
  return asked.some((index) => nameOf(spec, index) === folder);
}

function outcome(
  spec: Spec,
  target: TargetSpec,
  index: number,
  given: readonly (Content | undefined)[],
): Pick<Expected, 'content' | 'key'> {
  const nothing = { content: undefined, key: undefined };
  const inputs = given.filter((one) => one !== undefined);
  if (inputs.length < given.length) return nothing;
  const text = textOf(spec, target);
  const ending = target.make === 'pair' ? '' : target.ending;
  const keyOf = (parts: readonly unknown[]): string => JSON.stringify([target.make, ending, ...parts]);
  switch (target.make) {
    case 'group':
      return { ...nothing, content: folder(Object.fromEntries(inputs.entries())) };
    case 'part':
      return { ...nothing, content: partContent(spec, target, index, inputs[0]) };
    case 'write':
      return { content: file(text), key: keyOf([text]) };
    case 'large':
      return { content: file(filled(`${text}\n`)), key: keyOf([text]) };
    case 'worked': {
      const words = [spec.step.version, ...wordsOfStep(spec.modules)];
      const contents = inputs.flatMap(contentsOf);
      const refused = contents.some((one) => one.includes('REFUSE'));
      return {
        content: refused ? undefined : file([...words, text, ...contents].join('|')),
        key: keyOf([words, shapeOfStep(spec.modules), text, inputs]),
      };
    }
    default: {
      const word = target.tool ? spec.tool : undefined;
      const mark = markOf(spec, target);
      const gathered = gather(`${text}${mark}${word ?? ''}`, inputs);
      return {
        content: gathered.includes('REFUSE') ? undefined : shaped(target.make, gathered, inputs[0]),
        key: keyOf([text, mark, word ?? null, inputs]),
      };
    }
  }
}

function partContent(spec: Spec, target: TargetSpec, index: number, whole: Content | undefined): Content | undefined {
  const { of, path } = partOf(spec, target, index);
  return of.type === 'source' ? sourceContent(spec.sources, of.path, path) : at(whole, path);
}

/** What a target of the shell's rules has as a variable of its environment. */
export function markOf({ modules }: Spec, { mark, said }: TargetSpec): string {
  return said ? `${mark}${wordsOfRules(modules).join('')}` : mark;
}

/** What the script of the shell's rules gathers. */
function gather(first: string, inputs: readonly Content[]): string {
  const shown = inputs.flatMap((input, index) => show(input, String(index))).join('\n');
  return `${first}\n${trimmed(shown)}`;
}

function show(content: Content, path: string): string[] {
  switch (content.type) {
    case 'link':
      return [`${path} -> ${content.target}`];
    case 'file':
      return [`${path} ${content.executable ? '* ' : ''}${trimmed(readFrom(content.text))}`];
    case 'folder':
      return [
        `${path}/`,
        ...Object.entries(content.entries).flatMap(([name, entry]) => show(entry, `${path}/${name}`)),
      ];
  }
}

function shaped(make: 'all' | 'last' | 'pair', gathered: string, first: Content | undefined): Content {
  const all = file(`${gathered}\n`);
  const last = `${gathered.slice(gathered.lastIndexOf('\n') + 1)}\n`;
  if (make === 'all') return all;
  if (make === 'last') return file(last);
  const deep: Folder = folder(first ? { same: first } : {});
  return folder({ all, rest: folder({ deep, empty: folder({}), last: file(last, true), link: link('last') }) });
}

/** What the step reads. */
function contentsOf(content: Content): string[] {
  if (content.type === 'link') return [];
  return content.type === 'file' ? [readFrom(content.text)] : Object.values(content.entries).flatMap(contentsOf);
}

function readFrom(text: string): string {
  return inFull(text).slice(0, READ_BYTES);
}

/** The shell drops the newlines at the end of what a command writes. */
function trimmed(text: string): string {
  return text.replace(/\n+$/, '');
}
