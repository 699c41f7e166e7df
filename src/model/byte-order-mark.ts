/** Editors of Windows put a mark in front of a text that nobody sees, and that no parser of JSON takes. */

/** A text without the byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
