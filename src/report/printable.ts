/**
 * Text of programs, files and servers, as it is shown to people. No character of it commands their terminal, or makes text
 * look like other text: those that would are shown by their numbers.
 */

/** C0, DEL, C1; marks that turn the direction of writing; separators of lines. */
const COMMANDING = '\\p{Cc}\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069';
const ALL = new RegExp(`[${COMMANDING}]`, 'gu');
const ALL_BUT_LINES = new RegExp(`(?![\\n\\t])[${COMMANDING}]`, 'gu');
/** What `palette` gives. */
const OWN_COLOUR = /(\x1b\[(?:[012]|3[1-4])m)/;

/** On one line: line breaks become `\x0a`. */
export function printable(text: string): string {
  return text.replace(ALL, shown);
}

/** Lines and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(ALL_BUT_LINES, shown);
}

/** Lines and dsmb's own colours stay. */
export function printableInColours(text: string): string {
  const pieces = text.split(OWN_COLOUR);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : printableLines(piece))).join('');
}

/** JSON that is text for terminals as well: JSON itself leaves some of these characters as they are. */
export function printableJson(
  value: unknown,
  space?: number,
  replacer?: (this: unknown, key: string, value: unknown) => unknown,
): string {
  return JSON.stringify(value, replacer, space).replace(
    ALL_BUT_LINES,
    (character) => `\\u${numberOf(character).padStart(4, '0')}`,
  );
}

function shown(character: string): string {
  const number = numberOf(character);
  return number.length > 2 ? `\\u{${number}}` : `\\x${number.padStart(2, '0')}`;
}

function numberOf(character: string): string {
  return character.codePointAt(0)!.toString(16);
}
