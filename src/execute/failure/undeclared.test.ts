/** What a failed action looked for in vain: the hint names what the user can change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ArtifactReference, type ActionNode } from '../../analysis/action.ts';
import type { RuleCall } from '../../analysis/rule-call.ts';
import { File } from '../../model/kinds.ts';
import type { Label } from '../../model/label.ts';
import { undeclaredRead } from './undeclared.ts';

const workspace = mkdtempSync(join(tmpdir(), 'dsmb-undeclared-'));
const file = join(workspace, 'build.dsm.ts');
writeFileSync(file, '');
writeFileSync(join(workspace, 'foo.h'), '');
afterAll(() => rmSync(workspace, { recursive: true }));

/** An action that reads what `//used` makes. */
function actionOf(lists: RuleCall['lists']): ActionNode {
  const maker = { label: '//used' as Label } as unknown as ActionNode;
  const used = new ArtifactReference(File, { type: 'action', action: maker, output: 'out' });
  return {
    ...{ label: '//made', mnemonic: 'Make', inputs: new Map([['in', used]]) },
    call: { rule: 'make', location: { file, line: 1, column: 1 }, attributes: [], sources: [], lists },
  } as unknown as ActionNode;
}

const checks = ['checks', ['//other' as Label]] as const;
const sources = ['sources', ['//another' as Label, '//used' as Label]] as const;

test.each([
  [
    'the list that leads to an input',
    [checks, sources],
    /^add file\('foo\.h'\) to the attribute `sources` of \/\/made$/,
  ],
  ['no list that leads to none', [checks], /^give file\('foo\.h'\) to an attribute of \/\/made;/],
] as const)('names %s', (_name, lists, hint) => {
  const found = undeclaredRead(actionOf(lists), 'cat: foo.h: No such file or directory\n', () => undefined);
  expect(found).toMatchObject({ code: 'UNDECLARED_INPUT', hint: expect.stringMatching(hint) });
});
