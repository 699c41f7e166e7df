/** A change of source code fits exactly once, or not at all. */
import fc from 'fast-check';
import { Failure } from 'dsmb/step';
import { describe, expect, it } from 'vitest';
import { replaceOnce } from './replace-once.ts';

const FROM = 'virtblk_name_format("vd"';
const TO = 'virtblk_name_format("sd"';
const text = fc.string().filter((part) => !part.includes('virtblk'));

describe('replaceOnce', () => {
  it('changes the text and nothing around it', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(replaceOnce(before + FROM + after, FROM, TO, 'x.c')).toBe(before + TO + after);
      }),
    );
  });

  it('takes the new text as it is', () => {
    expect(replaceOnce('a-b', '-', "$&$'", 'x.c')).toBe("a$&$'b");
  });

  it.each([0, 2, 3])('fails with the count when the text is there %d times', (count) => {
    const source = Array.from({ length: count }, () => FROM).join(', 0);\n');
    expect(() => replaceOnce(source, FROM, TO, 'virtio_blk.c')).toThrow(Failure);
    expect(() => replaceOnce(source, FROM, TO, 'virtio_blk.c')).toThrow(`${count} times, not once`);
  });
});
