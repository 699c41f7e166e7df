/** Replaces a text that must stand in a source exactly once. */
import { fail } from 'dsmb/step';

/** The source with `from` replaced by `to`; fails with the count unless `from` is there exactly once. */
export function replaceOnce(source: string, from: string, to: string, name: string): string {
  const count = source.split(from).length - 1;
  if (count !== 1)
    fail('PATCH_DOES_NOT_FIT', `${name} holds the text ${JSON.stringify(from)} ${count} times, not once`, {
      hint: 'this kernel has other sources than the change was written for',
    });
  return source.replace(from, () => to);
}
