/** Which remedy is given, by what a kernel has. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { namespaceRemedy } from './namespaces.ts';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'dsmb-namespaces-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

it('names the settings that this kernel has, and no others', () => {
  write('proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1\n');
  write('proc/sys/kernel/unprivileged_userns_clone', '1\n');
  expect(namespaceRemedy(root)).toMatch(/^as root: sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0; or use/);
});

it('names all of them that forbid it', () => {
  write('proc/sys/kernel/unprivileged_userns_clone', '0\n');
  write('proc/sys/user/max_user_namespaces', '0\n');
  expect(namespaceRemedy(root)).toMatch(
    /sysctl -w kernel\.unprivileged_userns_clone=1 user\.max_user_namespaces=15000;/,
  );
});

it('speaks of the container in a container, and always of the way without a sandbox', () => {
  expect(namespaceRemedy(root)).not.toMatch(/container|sysctl/);
  write('.dockerenv', '');
  expect(namespaceRemedy(root)).toMatch(/^start the container .*--unsandboxed/);
});
