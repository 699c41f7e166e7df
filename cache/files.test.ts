import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeFolder } from './files.ts';

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('makeFolder', () => {
  test('makes those above it, and is content with what is there', () => {
    const path = join(temporary(), 'a', 'b');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('follows a link to a folder', () => {
    const folder = temporary();
    symlinkSync(folder, join(folder, 'link'));
    makeFolder(join(folder, 'link', 'below'));
    expect(statSync(join(folder, 'below')).isDirectory()).toBe(true);
  });

  test('ends where no folder can be made', () => {
    expect(() => makeFolder('/proc/none/below')).toThrow('ENOENT');
  });

  test('refuses a link that leads nowhere', () => {
    const folder = temporary();
    symlinkSync('nowhere', join(folder, 'link'));
    expect(() => makeFolder(join(folder, 'link'))).toThrow('EEXIST');
  });
});
