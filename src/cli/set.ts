/** `dsmb set`: changes an attribute, or the default of a parameter, in the build file. */
import { chmodSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { writeAtomically } from '../../cache/files.ts';
import { editAttribute, type Change, type Edit } from '../load/edit.ts';
import { findTarget, load, type Loaded } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { ownFiles } from '../load/own-files.ts';
import { typeProblems } from '../load/types.ts';
import { fail, type Location } from '../model/diagnostic.ts';
import { parseLabel, splitLabel } from '../model/label.ts';
import type { Target } from '../model/target.ts';
import { textDiff } from '../report/text-diff.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { workspaceOf } from './project.ts';

export const set: Command = {
  name: 'set',
  summary: 'change a value in the build file',
  usage: '//target.attribute|parameter [+=|-=] VALUE',
  examples: [
    ['dsmb set //cloudTarball.format qcow2', 'an attribute, keeping all else as it is written'],
    ['dsmb set //installedDisk.sizeGiB 40 --dry-run', 'shows the change as a diff'],
    ['dsmb set //bootedDisk.ports += 8080', 'adds to a list; -= takes away'],
    ['dsmb set mac 52:54:00:aa:bb:cc', 'the default of a parameter'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    'dry-run': { type: 'boolean', short: 'n', help: 'print the change as a diff, and write nothing' },
  },
  dashedOperands: true,
  run: runSet,
};

async function runSet(call: Call): Promise<number> {
  const { name, change } = parseOperands(call.operands);
  const root = workspaceOf(call);
  const edit = name.includes('.') ? await attributeEdit(root, name, change) : await defaultEdit(root, name, change);
  requireInside(root, edit);
  if (edit.before === edit.after) {
    console.error(`${name} is that already`);
    return EXIT.ok;
  }
  requireTypes(root, edit);
  process.stdout.write(textDiff(relative(root, edit.file), edit.before, edit.after));
  if (!call.flag('dry-run')) write(edit);
  return EXIT.ok;
}

function parseOperands(operands: readonly string[]): { name: string; change: Change } {
  const [name, second, third, ...more] = operands;
  const hint = 'dsmb set //target.attribute VALUE';
  if (name === undefined || second === undefined || more.length > 0)
    return fail('USAGE', 'dsmb set takes what is to be set, and its value', { hint });
  if (third === undefined) return { name, change: { operator: '=', text: second } };
  if (second === '=' || second === '+=' || second === '-=') return { name, change: { operator: second, text: third } };
  return fail('USAGE', `'${second}' is none of =, += and -=`, { hint });
}

async function attributeEdit(root: string, name: string, change: Change): Promise<Edit> {
  const [, labelText = '', path = ''] = /^(.*?)\.(.+)$/.exec(name) ?? fail('BAD_LABEL', `'${name}' has no attribute`);
  const label = parseLabel(labelText);
  const loaded = await load(root, [splitLabel(label).packageName]);
  const target = findTarget(loaded, label);
  const { location } = target;
  if (!location || 'parameter' in target)
    return fail('NOT_WRITTEN_OUT', `${label} is ${location ? 'a parameter' : 'not made by the call of a rule'}`, {
      hint: 'dsmb set NAME VALUE sets a parameter',
    });
  requireOwnCall(loaded, target, location);
  return editAttribute(location, path, change, new Set(loaded.parameters.keys()));
}

/** A call in a loop or a helper makes several targets: one of them cannot be changed alone. */
function requireOwnCall({ targets }: Loaded, target: Target, location: Location): void {
  const same = [...targets].flatMap(([label, { location: at }]) => (isSame(at, location) ? [label] : []));
  if (same.length > 1)
    fail('SHARED_CALL', `one call makes ${same.join(', ')}: none of them can be changed alone`, {
      location,
      hint: `edit the file: the attributes of ${target.rule.name} are given there`,
    });
}

function isSame(a: Location | undefined, b: Location): boolean {
  return a?.file === b.file && a.line === b.line && a.column === b.column;
}

async function defaultEdit(root: string, name: string, change: Change): Promise<Edit> {
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
  return editAttribute(location, 'default', { operator: '=', text: String(parameter.parse(change.text)) });
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
function requireTypes(root: string, { file, after, location }: Edit): void {
  const files = ownFiles([file]);
  const errors = (replaced?: ReadonlyMap<string, string>): string[] =>
    typeProblems(root, files, replaced).flatMap(({ severity, code, message }) =>
      severity === 'error' ? [`${code}: ${message}`] : [],
    );
  const now = errors(new Map([[file, after]]));
  if (now.length === 0) return;
  const before = new Set(errors());
  const added = now.find((one) => !before.has(one));
  if (added !== undefined)
    fail('BAD_VALUE', `the value does not fit: ${added}`, { location, hint: 'nothing was written' });
}

function write({ file, before, after }: Edit): void {
  const path = realpathSync(file);
  const { mode } = statSync(path);
  if (readFileSync(path, 'utf8') !== before)
    fail('FILE_CHANGED', `${file} was changed by another program meanwhile`, { hint: 'run the same command again' });
  writeAtomically(path, after);
  chmodSync(path, mode & 0o7777);
}
