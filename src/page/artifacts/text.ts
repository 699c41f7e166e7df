/** Text that is shown as text. */
import type { ByteSource } from '../../disk/index.ts';
import { printableLines } from '../../report/printable.ts';

const MOST_BYTES = 128 * 1024;
/** Beyond, bytes are not text that somebody reads. */
const MOST_CONTROLS = 0.1;
const CONTROLS = /[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/g;

/** The beginning of a text, and how many bytes follow; undefined for what is none. */
export function textOf(source: ByteSource): { readonly text: string; readonly textLeftOut: number } | undefined {
  const bytes = source.read(0, Math.min(MOST_BYTES, source.size));
  if (bytes.includes(0)) return undefined;
  try {
    // A character that the end has cut is none of the text's faults.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    if ((text.match(CONTROLS)?.length ?? 0) > text.length * MOST_CONTROLS) return undefined;
    return { text: printableLines(text), textLeftOut: source.size - bytes.length };
  } catch {
    return undefined;
  }
}
