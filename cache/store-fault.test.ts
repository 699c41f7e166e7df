/** What is wrong with the store itself is said as that, and nothing else is. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Failure, toDiagnostic } from '../src/model/diagnostic.ts';
import { isOfStore, orStoreFault } from './store-fault.ts';

const root = mkdtempSync(join(tmpdir(), 'dsmb-store-fault-'));
mkdirSync(join(root, 'incoming'));
afterAll(() => rmSync(root, { recursive: true }));

const told = (error: unknown, store = root): string => toDiagnostic(orStoreFault(store, error)).code;

function systemError(code: string, path: string, dest?: string): Error {
  return Object.assign(new Error(`${code}: denied, open '${path}'`), { code, path, ...(dest ? { dest } : {}) });
}

it.each(['EACCES', 'EPERM', 'EROFS'])('%s of a file in the store is of the store', (code) => {
  expect(told(systemError(code, join(root, 'cas.v1')))).toBe('STORE_DENIED');
  expect(told(systemError(code, root))).toBe('STORE_DENIED');
  expect(told(systemError(code, join(root, 'incoming/x'), join(root, 'cas.v1/x')))).toBe('STORE_DENIED');
});

it.each(['EACCES', 'EPERM', 'EROFS'])('%s of another file is not, however its name begins', (code) => {
  expect(told(systemError(code, `${root}-of-another/file`))).toBe(code);
  expect(told(systemError(code, '/elsewhere'))).toBe(code);
  expect(told(systemError(code, '/elsewhere', join(root, 'cas.v1/x')))).toBe(code);
  expect(told(systemError(code, join(root, 'cas.v1/x'), '/elsewhere'))).toBe(code);
});

it('so is what rmSync says without a code', () => {
  const message = `, Unknown error: Read-only file system '${join(root, 'roots.v1/kept/x.json')}'`;
  expect(toDiagnostic(orStoreFault(root, new Error(message)))).toMatchObject({
    code: 'STORE_DENIED',
    message: expect.stringMatching(/cannot be used: Read-only file system '\//) as string,
  });
});

it('what is cleared away at the end hides nothing', () => {
  const later = new SuppressedError(new Error('later'), systemError('EROFS', join(root, 'locks')));
  expect(told(later)).toBe('STORE_DENIED');
  expect(isOfStore(root, later)).toBe(true);
});

it('a store that is gone is the reason of whatever fails', () => {
  expect(told(new Error('no such file'), join(root, 'never'))).toBe('STORE_GONE');
  expect(told(new Error('a defect'))).toBe('INTERNAL');
});

it('what says itself what is wrong keeps its words', () => {
  expect(told(new Failure({ code: 'NO_PROGRAM', message: 'x is missing' }), join(root, 'never'))).toBe('NO_PROGRAM');
});
