/** How many columns text takes on a terminal, and cutting it to a number of them. */

/** East Asian Width W and F (UAX #11), and characters that are pictures unless stated otherwise (UTS #51). */
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
/** Asks for the picture of a character that has both forms. */
const PICTURE = /\ufe0f/;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]+$/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Made when something other than ASCII is shown: that takes some milliseconds. */
let segmenter: Intl.Segmenter | undefined;

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of characters(text)) columns += widthOfCharacter(character);
  return columns;
}

/** The text, or as much of its beginning as fits into the columns with a mark that there is more. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of characters(text)) {
    used += widthOfCharacter(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return columns > 0 ? `${kept}…` : '';
}

/** What people see as characters: a flag or a family is one, whatever it is made of. */
function* characters(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function widthOfCharacter(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) || PICTURE.test(character) ? 2 : 1;
}
