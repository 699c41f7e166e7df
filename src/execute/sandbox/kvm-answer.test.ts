/** What is known of KVM without trying it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { kvmRefused } from './kvm-answer.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-kvm-'));
const device = join(folder, 'kvm');
afterAll(() => rmSync(folder, { recursive: true }));

it('a device that is not there is refused, and one that opens is not', () => {
  expect(kvmRefused(device)).toBe(`there is no ${device}`);
  writeFileSync(device, '');
  expect(kvmRefused(device)).toBeUndefined();
});

it('a device of others is refused, as long as it is theirs', (context) => {
  if (process.getuid?.() === 0) context.skip('root may open everything');
  writeFileSync(device, '');
  chmodSync(device, 0);
  expect(kvmRefused(device)).toBe(`this user may not open ${device}`);
  chmodSync(device, 0o600);
  expect(kvmRefused(device)).toBeUndefined();
});
