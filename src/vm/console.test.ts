/** The console as text, however its bytes arrive. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Console } from './console.ts';

async function consoleOf(chunks: readonly Uint8Array[]): Promise<Console> {
  const stream = new PassThrough();
  const console = new Console(stream);
  for (const chunk of chunks) stream.write(chunk);
  await new Promise(setImmediate);
  return console;
}

it('drops what only moves a terminal’s cursor', async () => {
  const shown = await consoleOf([Buffer.from('\x1b[2J\x1b[01;01HGRUB\x1b7\r\n\x1b[1;32mok\x1b[0m')]);
  expect(shown.text).toBe('GRUB\nok');
});

it('does not depend on how the bytes are cut', async () => {
  const whole = Buffer.from('a\x1b[2J\x1b[1;1Hä\r\n世\x1b[0mend\r\n');
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: whole.length - 1 }));
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      const borders = [0, ...at.toSorted((a, b) => a - b), whole.length];
      const chunks = borders.slice(1).map((end, index) => whole.subarray(borders[index], end));
      expect((await consoleOf(chunks)).text).toBe('aä\n世end\n');
    }),
  );
});

it('finds each text once, in order', async () => {
  const shown = await consoleOf([Buffer.from('boot\nlogin: \nboot\n')]);
  expect(shown.scan({ login: 'login: ', boot: /bo+t/ })?.name).toBe('boot');
  expect(shown.scan({ login: 'login: ' })?.name).toBe('login');
  expect(shown.scan({ boot: 'boot' })?.name).toBe('boot');
  expect(shown.scan({ boot: 'boot' })).toBeUndefined();
});

it('shows its last lines', async () => {
  expect((await consoleOf([Buffer.from('1\n2\n\n3  \n')])).tail(2)).toBe('2\n3');
});
