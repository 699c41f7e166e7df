/** Debian's control format: paragraphs of fields, as lists of packages and control files have them. */
import { CONTROL_FIELDS, type Control } from './packages.ts';

/** The fields of one paragraph by their names in lower case; a value on several lines becomes one line. */
export function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  const lines = paragraph.replaceAll(/\n[ \t]+/g, ' ').split('\n');
  return new Map(lines.map((line) => splitField(line)));
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The fields that resolution needs. */
export function controlOf(fields: ReadonlyMap<string, string>): Control {
  return Object.fromEntries(
    CONTROL_FIELDS.flatMap((field) => {
      const value = fields.get(field.toLowerCase());
      return value ? [[field, value]] : [];
    }),
  );
}
