/** Where in a JSON file a mistake is. Loaded when there is one. */
import { findNodeAtLocation, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { Location } from '../model/diagnostic.ts';

const WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'write names and strings in double quotes; the only other words are true, false and null',
  PropertyNameExpected: 'expected a name in double quotes; or remove the comma before it',
  ValueExpected: 'expected a value; or remove the comma before it',
  ColonExpected: 'expected a colon',
  CommaExpected: 'expected a comma',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'nothing may follow here',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfString: 'a closing " is missing',
  InvalidCharacter: 'a string cannot contain this character unescaped',
  InvalidEscapeCharacter: 'JSON has no such escape',
};

/** The first thing in a text that is not JSON. */
export function syntaxMistake(file: string, text: string): { readonly what: string; readonly location: Location } {
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowEmptyContent: false });
  const [first] = errors.toSorted((a, b) => a.offset - b.offset);
  return {
    what: (first && WORDS[printParseErrorCode(first.error)]) ?? 'it cannot be read from here on',
    location: locationAt(file, text, first?.offset ?? 0),
  };
}

/** Where an entry of the object in a text has its name or its value; where the text is not an object, its beginning. */
export function entryPlace(file: string, text: string, name: string, part: 'name' | 'value'): Location {
  const tree = parseTree(text);
  const value = tree && findNodeAtLocation(tree, [name]);
  const node = part === 'value' ? value : value?.parent?.children?.[0];
  return locationAt(file, text, node?.offset ?? tree?.offset ?? 0);
}

function locationAt(file: string, text: string, offset: number): Location {
  const before = text.slice(0, Math.min(offset, text.trimEnd().length)).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}
