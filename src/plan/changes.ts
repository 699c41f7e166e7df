/** What differs between two keys, part by part. */
import type { Part, PartKind } from './parts.ts';

/** A part that was added, removed, or has another value. */
export interface Change {
  readonly kind: PartKind;
  readonly name: string;
  readonly before: Part | undefined;
  readonly after: Part | undefined;
}

/** The changes in the order of the parts that are there now, then what is gone. Empty exactly when the keys are equal. */
export function changesOf(before: readonly Part[], after: readonly Part[]): Change[] {
  const idOf = ({ kind, name }: Part): string => `${kind} ${name}`;
  const was = new Map(before.map((part) => [idOf(part), part]));
  const is = new Map(after.map((part) => [idOf(part), part]));
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((id) => {
    const [one, other] = [was.get(id), is.get(id)];
    if (one?.value === other?.value) return [];
    const { kind, name } = (other ?? one)!;
    return [{ kind, name, before: one, after: other }];
  });
}
