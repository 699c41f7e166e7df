/** `dsmb set`: changes an attribute, or the default of a parameter, in the build file. */
import { chmodSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { writeAtomically } from '../../cache/files.ts';
import { attributeType, type AttributeType } from '../load/attribute-type.ts';
import { editAttribute, type Change, type Edit } from '../load/edit.ts';
import { findTarget, load, type Loaded } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { ownFiles } from '../load/own-files.ts';
import { typedProject, typeProblems } from '../load/types.ts';
import { fail, Failure, type Location } from '../model/diagnostic.ts';
import { parseLabel, splitLabel } from '../model/label.ts';
import type { Target } from '../model/target.ts';
import { textDiff } from '../report/text-diff.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { busyLine } from './progress-line.ts';
import { workspaceOf } from './request.ts';
import { printLine, printText } from '../report/print.ts';

export const set: Command = {
  name: 'set',
  summary: 'change a value in the build file',
  usage: '//target.attribute|parameter [+=|-=] VALUE',
  examples: [
    ['dsmb set //cloudTarball.format qcow2', 'set an attribute, and leave everything else as you wrote it'],
    ['dsmb set //installedDisk.sizeGiB 40 --dry-run', 'show the change as a diff'],
    ['dsmb set //bootedDisk.ports += 8080', 'add to a list; -= removes from it'],
    ['dsmb set mac 52:54:00:aa:bb:cc', 'set the default of a parameter'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    'dry-run': { type: 'boolean', short: 'n', help: 'print the change as a diff, and write nothing' },
  },
  dashedOperands: true,
  run: runSet,
};

/** A label and a path; the folder of a package may have dots as well. */
const ATTRIBUTE = /^((?:[^:]*:)?[^.:]+)\.([^:]+)$/;
const NOTHING_WRITTEN = 'nothing was written';

async function runSet(call: Call): Promise<number> {
  const { name, change } = parseOperands(call.operands);
  const root = workspaceOf(call);
  const place = ATTRIBUTE.test(name) ? await attributeOf(root, name) : await defaultOf(root, name, change);
  const edit = makeEdit(root, place, change);
  requireInside(root, edit);
  if (edit.before === edit.after) {
    printLine(`${name} already has that value`, process.stderr);
    return EXIT.ok;
  }
  {
    using _busy = busyLine('checking types');
    requireTypes(root, place, edit, change);
  }
  printText(textDiff(relative(root, edit.file), edit.before, edit.after));
  if (!call.flag('dry-run')) write(edit);
  return EXIT.ok;
}

function parseOperands(operands: readonly string[]): { name: string; change: Change } {
  const [name, second, third, ...more] = operands;
  const hint = 'dsmb set //target.attribute VALUE';
  if (name === undefined || second === undefined || more.length > 0)
    return fail('USAGE', 'dsmb set needs a name and a value', { hint });
  if (third === undefined) return { name, change: { operator: '=', text: second } };
  if (second === '=' || second === '+=' || second === '-=') return { name, change: { operator: second, text: third } };
  return fail('USAGE', `'${second}' is not one of =, += and -=`, { hint });
}

/** What is to be changed: the value at a path of the call at a position. */
interface Place {
  /** For messages. */
  readonly name: string;
  readonly call: Location;
  readonly path: string;
  /** The text that it becomes, where that is not as the user typed it. */
  readonly text?: string;
  /** Names of parameters that may stand for it. */
  readonly parameters?: ReadonlySet<string>;
}

async function attributeOf(root: string, name: string): Promise<Place> {
  const [, labelText = '', path = ''] = ATTRIBUTE.exec(name) ?? [];
  const label = parseLabel(labelText);
  const loaded = await load(root, [splitLabel(label).packageName]);
  const target = findTarget(loaded, label);
  const { location } = target;
  if (!location || 'parameter' in target)
    return fail('NOT_WRITTEN_OUT', `${label} is ${location ? 'a parameter' : 'not made by the call of a rule'}`, {
      hint: 'dsmb set NAME VALUE sets a parameter',
    });
  requireOwnCall(loaded, target, location);
  return { name, call: location, path, parameters: new Set(loaded.parameters.keys()) };
}

/** A call in a loop or a helper makes several targets: one of them cannot be changed alone. */
function requireOwnCall({ targets }: Loaded, target: Target, location: Location): void {
  const same = [...targets].flatMap(([label, { location: at }]) => (isSame(at, location) ? [label] : []));
  if (same.length > 1)
    fail('SHARED_CALL', `one call makes ${same.join(', ')}: they cannot be changed one by one`, {
      location,
      hint: `edit the file: the attributes of ${target.rule.name} are given there`,
    });
}

function isSame(a: Location | undefined, b: Location): boolean {
  return a?.file === b.file && a.line === b.line && a.column === b.column;
}

async function defaultOf(root: string, name: string, change: Change): Promise<Place> {
  const colon = name.lastIndexOf(':');
  const loaded = await load(root, colon > 0 ? [name.slice(0, colon).replace(/^\/\//, '')] : []);
  const declared = loaded.parameters.get(name) ?? unknownName(loaded, name);
  const parameter = declared.type === 'target' ? declared.parameter : declared;
  const { location } = parameter;
  if (change.operator !== '=')
    fail('NOT_A_LIST', `${change.operator} changes a list; ${name} takes ${parameter.format}`);
  if (declared.type === 'target' || !location)
    return fail('NOT_A_LITERAL', `the default of ${name} is a target`, {
      ...(location ? { location } : {}),
      hint: `--set ${name}=PATH for one build, or "${name}" in dsmb.params.json for all`,
    });
  return { name, call: location, path: 'default', text: String(parameter.parse(change.text)) };
}

/** A path that leads nowhere may have a name that the rule does not know. */
function makeEdit(root: string, place: Place, { operator, text }: Change): Edit {
  const { call, path, parameters } = place;
  try {
    return editAttribute(call, path, { operator, text: place.text ?? text }, parameters);
  } catch (error) {
    if (error instanceof Failure && error.diagnostic.code === 'NO_SUCH_VALUE') requireKnown(root, place);
    throw error;
  }
}

function unknownName(loaded: Loaded, name: string): never {
  const isTarget = name.startsWith('//');
  const target = isTarget ? loaded.targets.get(parseLabel(name)) : undefined;
  if (target)
    fail('USAGE', `${name}: which attribute?`, {
      hint: `dsmb set ${name}.ATTRIBUTE VALUE; it has ${Object.keys(target.attributes).join(', ')}`,
    });
  if (isTarget) return findTarget(loaded, parseLabel(name)) as never;
  const close = nearest(name, loaded.parameters.keys());
  return fail('UNKNOWN_PARAMETER', `there is no parameter '${name}'`, {
    hint: close ? `did you mean ${close}?` : 'dsmb list shows them; an attribute is //target.attribute',
  });
}

/** A rule of another project, or a link that leads there, is not this project's to change. */
function requireInside(root: string, { file }: Edit): void {
  const path = relative(realpathSync(root), realpathSync(file));
  if (path.split(sep).some((name) => name === '..' || name === 'node_modules'))
    fail('OUTSIDE_WORKSPACE', `${file} is not a file of the project in ${root}`);
}

/** An edit must bring no type error that was not there before. */
function requireTypes(root: string, place: Place, { file, after, location }: Edit, { text }: Change): void {
  const files = ownFiles([file]);
  const errors = (replaced?: ReadonlyMap<string, string>): string[] =>
    typeProblems(root, files, replaced).flatMap(({ severity, message }) => (severity === 'error' ? [message] : []));
  const now = errors(new Map([[file, after]]));
  if (now.length === 0) return;
  const before = new Set(errors());
  const added = now.find((one) => !before.has(one));
  if (added === undefined) return;
  const takes = requireKnown(root, place);
  if (!takes) fail('BAD_VALUE', `'${text}' does not fit ${place.name}: ${added}`, { location, hint: NOTHING_WRITTEN });
  const close = nearest(text, takes.choices);
  fail('BAD_VALUE', `'${text}' does not fit ${place.name}, which takes ${takes.type}`, {
    location,
    hint: close
      ? `did you mean ${close}?`
      : /\bTarget</.test(takes.type)
        ? 'a target is given by its name in TypeScript: edit the file'
        : NOTHING_WRITTEN,
  });
}

/** The type of what is to be changed; undefined where types do not tell. Fails where the rule has no such attribute. */
function requireKnown(root: string, { name, call, path }: Place): (AttributeType & { found: true }) | undefined {
  const type = attributeType(typedProject(root, ownFiles([call.file])), call, path);
  if (type === undefined || type.found) return type;
  const close = nearest(type.name, type.known);
  return fail('UNKNOWN_ATTRIBUTE', `${name}: there is no attribute '${type.name}'`, {
    location: call,
    hint: close
      ? `did you mean ${close}?`
      : type.known.length > 0
        ? `there is ${type.known.join(', ')}`
        : 'nothing is below the name before it',
  });
}

function write({ file, before, after }: Edit): void {
  const path = realpathSync(file);
  const { mode } = statSync(path);
  if (readFileSync(path, 'utf8') !== before)
    fail('FILE_CHANGED', `${file} was changed by another program meanwhile`, { hint: 'run the same command again' });
  writeAtomically(path, after);
  chmodSync(path, mode & 0o7777);
}
