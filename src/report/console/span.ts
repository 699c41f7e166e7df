/** A line of the live display: pieces of text, each with its colour, so that it is measured without colour codes. */
import { fit, widthOf } from './width.ts';

type Paint = (text: string) => string;

export type Span = string | readonly [text: string, paint: Paint];
export type Line = readonly Span[];

/** The line with its colours, cut to a number of columns. */
export function paintLine(line: Line, columns: number): string {
  let left = columns;
  let painted = '';
  for (const [text, paint] of line.map(asPair)) {
    if (left <= 0) break;
    const shown = fit(text, left);
    painted += paint(shown);
    left -= shown === text ? widthOf(text) : left;
  }
  return painted;
}

function asPair(span: Span): readonly [string, Paint] {
  return typeof span === 'string' ? [span, (text) => text] : span;
}
