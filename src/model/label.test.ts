/** Labels: as users type them, and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { label, parseLabel, splitLabel } from './label.ts';

const name = fc.stringMatching(/^[A-Za-z_$][\w$]{0,8}$/);
const folder = fc.stringMatching(/^[\w.-]{1,8}$/).filter((text) => text !== '.' && text !== '..');
const packageName = fc.array(folder, { maxLength: 3 }).map((folders) => folders.join('/'));

describe('a label', () => {
  it('has one form, which is read back', () => {
    fc.assert(
      fc.property(packageName, name, (inPackage, own) => {
        const of = label(inPackage, own);
        expect(parseLabel(of)).toBe(of);
        expect(splitLabel(of)).toEqual({ packageName: inPackage, name: own });
      }),
    );
  });

  it.each([
    ['//guest:kernel', '//guest:kernel'],
    ['guest:kernel', '//guest:kernel'],
    ['//a/b-c.d:x', '//a/b-c.d:x'],
    ['//cloudTarball', '//cloudTarball'],
    ['cloudTarball', '//cloudTarball'],
    ['//:cloudTarball', '//cloudTarball'],
  ])('%s is %s', (text, of) => expect(parseLabel(text)).toBe(of));

  it.each([
    '',
    '//',
    '//:',
    '//a:',
    '//a:b:c',
    '//a/b',
    '//..:x',
    '//../x:y',
    '//a/../b:x',
    '//a/.:x',
    '//a//b:x',
    '///a:x',
    '//a/:x',
    '//1x',
    '//a b',
    '//a:b\n',
    '/etc/passwd',
    '//ä',
  ])('is not %j', (text) => {
    expect(() => parseLabel(text)).toThrow(
      expect.objectContaining({ diagnostic: expect.objectContaining({ code: 'BAD_LABEL' }) }),
    );
  });

  it('that is none is never something else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const of = parseLabel(text);
          expect(label(splitLabel(of).packageName, splitLabel(of).name)).toBe(of);
        } catch (error) {
          expect(error).toMatchObject({ diagnostic: { code: 'BAD_LABEL' } });
        }
      }),
    );
  });
});
