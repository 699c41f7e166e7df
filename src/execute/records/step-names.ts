/** A name of an input, an output or an argument that a step asks for and that its rule does not give. */
import { readFileSync } from 'node:fs';
import type { ActionNode } from '../../analysis/action.ts';
import { nearest } from '../../load/nearest.ts';
import type { Location } from '../../model/diagnostic.ts';

const ASKED = /\b(inputs|outputs|args)\s*(?:\.\s*([A-Za-z_$][\w$]*)|\[\s*(['"])([^'"\n]+)\3\s*\])/g;

/**
 * Looks through the module that a step failed in, and first at the line: the value that is missing was undefined, and
 * what failed is what was done with it. An argument may be left out, so only the line itself is believed about one.
 */
export function unknownName(
  { inputs, outputs }: Pick<ActionNode, 'inputs' | 'outputs'>,
  args: unknown,
  location: Location | undefined,
): string | undefined {
  if (!location) return undefined;
  const known = { inputs: [...inputs.keys()], outputs: Object.keys(outputs), args: namesOf(args) };
  const lines = readFileSync(location.file, 'utf8').split('\n');
  const line = lines[location.line - 1] ?? '';
  const asked = [...askedIn(line), ...askedIn(lines.join('\n')).filter(({ of }) => of !== 'args')];
  const wrong = asked.find(({ of, name }) => !known[of].includes(name));
  if (!wrong) return undefined;
  const { of, name } = wrong;
  const close = nearest(name, known[of]);
  const there = known[of].length > 0 ? `its ${of} are ${known[of].join(', ')}` : `it has no ${of}`;
  return `the rule gives the step no ${of}.${name}; ${there}${close ? `; did you mean ${of}.${close}?` : ''}`;
}

function askedIn(text: string): { readonly of: 'inputs' | 'outputs' | 'args'; readonly name: string }[] {
  return Array.from(text.matchAll(ASKED), ([, of, member, , quoted]) => ({
    of: of as 'inputs' | 'outputs' | 'args',
    name: (member ?? quoted)!,
  }));
}

function namesOf(args: unknown): string[] {
  return typeof args === 'object' && args !== null ? Object.keys(args) : [];
}
