/** Shows the causes of a change to a person. */
import { relative } from 'node:path';
import { BuildFileSources } from '../load/source.ts';
import type { Cause } from './explain.ts';
import type { Palette } from './format.ts';

const MAX_TEXT = 60;

/** Moves the position of an attribute from the call of its rule to where it is written. */
export function locate(causes: readonly Cause[], sources = new BuildFileSources()): Cause[] {
  return causes.map((cause) => {
    const { location, attribute } = cause;
    if (!location || attribute === undefined) return cause;
    try {
      return { ...cause, location: sources.attribute(location, attribute) ?? location };
    } catch {
      // The build file is gone: the position of the call says more than none.
      return cause;
    }
  });
}

/** One line for each cause, and one for each of its details. */
export function causeLines(causes: readonly Cause[], paint: Palette): string[] {
  return causes.flatMap((cause) => {
    const { details = [], more, location } = cause;
    const where = location ? ` ${paint.dim(`${shown(location.file)}:${location.line}:${location.column}`)}` : '';
    return [
      `${titleOf(cause)}${details.length > 0 ? '' : values(cause, paint)}${where}`,
      ...details.map((one) => `  ${one.name.startsWith('/') ? shown(one.name) : one.name}${values(one, paint)}`),
      ...(more ? ['  …'] : []),
    ];
  });
}

function titleOf({ kind, name, attribute, madeBy, before, after }: Cause): string {
  switch (kind) {
    case 'file':
      return `file ${shown(name)}`;
    case 'parameter':
      return `parameter ${name} (read by attribute ${attribute})`;
    case 'input':
      return `input ${name}${madeBy ? ` of ${madeBy}` : ''}${before !== undefined && after !== undefined ? ' came out differently' : ''}`;
    case 'rule':
      return `rule ${name} declares the action differently`;
    case 'step':
      return `step ${shown(name)}`;
    case 'toolchain':
      return `toolchain ${name}`;
    default:
      return name.startsWith(kind) ? name : `${kind}${name ? ` ${name}` : ''}`;
  }
}

function values(
  { before, after }: { readonly before?: string; readonly after?: string },
  { red, green, dim }: Palette,
): string {
  if (before === undefined) return after === undefined ? '' : `: ${dim('new,')} ${green(short(after))}`;
  if (after === undefined) return `: ${dim('gone,')} ${dim('was')} ${red(short(before))}`;
  return `: ${red(short(before))} → ${green(short(after))}`;
}

/** A digest by its beginning; a long text by its beginning. */
function short(text: string): string {
  const digest = /^([0-9a-f]{12})[0-9a-f]{52}\/(\d+)/.exec(text);
  if (digest) return `${digest[1]} (${digest[2]} B)`;
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
