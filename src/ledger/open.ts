/** Opens a build: it goes on from the last one of the same request where it can, and else begins with the build files. */
import { becauseOf, isBecause, orBecause, type Because } from './because.ts';
import { evaluate } from './evaluated.ts';
import type { Ledger } from './ledger.ts';
import type { Opened } from './opened.ts';
import { resume } from './resumed.ts';

/** `onChanged` is told, as early as that is known, that something will most likely run. */
export async function openBuild(ledger: Ledger, onChanged: () => void): Promise<Opened> {
  const { anew } = ledger.request;
  const resumed = anew === undefined ? orBecause(() => resume(ledger)) : { because: anew };
  if (!resumed || isBecause(resumed)) return begin(ledger, resumed, anew === undefined ? onChanged : () => {});
  return resumed.open > 0 ? withNotes(resumed, becauseOf(onChanged)) : resumed;
}

/** Begins with the build files. */
async function begin(ledger: Ledger, resumed: Because | undefined, onChanged: () => void): Promise<Opened> {
  const begun = [whyAnew(ledger, resumed) ?? [], ledger.damage ?? []].flat();
  const guessed = ledger.family.last === undefined ? [] : becauseOf(onChanged);
  return withNotes(await evaluate(ledger), [...begun, ...guessed]);
}

/** Of the first build of a family there is nothing to say. */
function whyAnew({ family, request }: Ledger, resumed: Because | undefined): Because | undefined {
  const { last, unkept } = family;
  if (!resumed && last === undefined && unkept === undefined) return undefined;
  const { because, ...kind } = resumed ?? { because: 'the ledger has no entry of a build with these parameters' };
  const isAsked = request.anew !== undefined;
  const lost = isAsked || unkept === undefined ? '' : `; nothing was kept of the last build: ${unkept}`;
  return { ...kind, because: `it begins with the build files: ${because}${lost}` };
}

function withNotes(opened: Opened, notes: readonly Because[]): Opened {
  return { ...opened, notes: [...notes, ...opened.notes] };
}
