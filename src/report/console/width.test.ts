/** The width of text, compared with what a terminal does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Screen } from '../../../test/rig/screen.ts';
import { fit, widthOf } from './width.ts';

const words = fc.constantFrom(
  'a',
  'é',
  '格式化',
  '한국어',
  'ｆｕｌｌ',
  '😀',
  '👩‍👩‍👧',
  '🇩🇪',
  '❤️',
  '→',
  '━',
  'é',
  ' ',
  '…',
  '硬盘',
  '１',
);
const texts = fc.array(words, { maxLength: 12 }).map((list) => list.join(''));

async function shownWidth(text: string): Promise<number> {
  const screen = new Screen(200);
  await screen.write(text);
  await screen.flush();
  return screen.column;
}

describe('the width of a text', () => {
  it('is the number of columns that a terminal gives it', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await shownWidth(text)).toBe(widthOf(text));
      }),
    );
  });

  it('is that of each of the wide blocks, too', async () => {
    for (const text of [
      '\u1100',
      '\u2e80',
      'あ',
      'ア',
      '㐀',
      '一',
      'ꀀ',
      '가',
      '豈',
      '﹏',
      '！',
      '￥',
      '𠀀',
      '🀄',
      '⌚',
    ])
      expect([text, widthOf(text)]).toEqual([text, await shownWidth(text)]);
  });
});

describe('a text that is cut', () => {
  it('fits, and begins as the whole does', () => {
    fc.assert(
      fc.property(texts, fc.nat(30), (text, columns) => {
        const cut = fit(text, columns);
        expect(widthOf(cut)).toBeLessThanOrEqual(columns);
        if (widthOf(text) <= columns) expect(cut).toBe(text);
        else expect(columns === 0 || (cut.endsWith('…') && text.startsWith(cut.slice(0, -1)))).toBe(true);
      }),
    );
  });
});
