/** The order of everything that is hashed or packed: by code point, never by locale. */

/** Sorts a copy by Unicode code point, which equals the order of the UTF-8 bytes. */
export function sortByCodePoint<T>(items: Iterable<T>, key: (item: T) => string = String): T[] {
  return [...items].sort((a, b) => compareCodePoints(key(a), key(b)));
}

/** Compares two strings by code point. */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
