import { expect, test } from 'vitest';
import type { Actions } from 'dsmb';
import { grubConfig } from './grub-config.ts';

/** The content that the rule writes. */
function written(attributes: Parameters<typeof grubConfig>[0]): string {
  let content = '';
  const actions = { write: (_output: unknown, text: string) => (content = text) } as unknown as Actions;
  grubConfig(attributes).rule.implement(attributes as never, actions as never);
  return content;
}

const MAC = '52:54:00:c9:18:27';

test('the MAC is twelve upper-case digits on one line', () => {
  expect(written({ mac: MAC })).toMatch(/^set mac1=525400C91827$/m);
  expect(written({ mac: '52-54-00-AA-bb-cc' })).toMatch(/^set mac1=525400AABBCC$/m);
});

test('another MAC changes its line only, and not the length', () => {
  const before = written({ mac: MAC }).split('\n');
  const after = written({ mac: '52:54:00:00:00:01' }).split('\n');
  expect(after.filter((line, index) => line !== before[index])).toEqual(['set mac1=525400000001']);
});

test('further network cards are counted, and the kernel is told of each', () => {
  const text = written({ mac: MAC, otherMacs: ['52:54:00:00:00:02', '52:54:00:00:00:0c'] });
  expect(text).toMatch(/^set mac1=525400C91827\nset mac2=525400000002\nset mac3=52540000000C$/m);
  expect(text).toMatch(/^set netif_num=3$/m);
  expect(text).toContain(' mac1=$mac1 mac2=$mac2 mac3=$mac3 netif_num=$netif_num ');
  expect(written({ mac: MAC, otherMacs: [] })).toBe(written({ mac: MAC }));
  expect(() => written({ mac: MAC, otherMacs: [MAC.toUpperCase()] })).toThrow('the same MAC');
  expect(() => written({ mac: MAC, otherMacs: ['00:11:32:2c:a7:85'] })).toThrow('does not begin with');
});

test('a MAC that the loader does not recognise is an error that says why', () => {
  expect(() => written({ mac: '00:11:32:2c:a7:85' })).toThrow('does not begin with 52:54:00');
  expect(() => written({ mac: '52:54:00:zz' })).toThrow('is not a MAC address');
});

test('the serial console is in GRUB and in the kernel, or in neither', () => {
  expect(written({ mac: MAC, serialConsole: true })).toMatch(
    /^serial --unit=0 --speed=115200$[^]*console=ttyS0,115200n8/m,
  );
  expect(written({ mac: MAC, serialConsole: false })).not.toMatch(/serial --|terminal_|ttyS0/);
});

test('no attribute can break out of its place', () => {
  expect(written({ mac: MAC, extraArguments: 'panic=5 x=a,b' })).toContain('set extra_args="panic=5 x=a,b"');
  expect(() => written({ mac: MAC, extraArguments: 'a"; reboot' })).toThrow('extraArguments');
  expect(() => written({ mac: MAC, serialNumber: 'A B' })).toThrow('serialNumber');
  expect(() => written({ mac: MAC, timeout: -1 })).toThrow('timeout');
});
