/** What may leave this machine. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Store } from '../../../cache/store.ts';
import type { ActionNode } from '../../analysis/action.ts';
import type { Needs } from '../../model/rule.ts';
import { writeKvmAnswer } from '../sandbox/kvm-answer.ts';
import { mayLeave } from './leaving.ts';

const store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-leaving-')));
afterAll(() => rmSync(store.root, { recursive: true }));

const action = (type: 'run' | 'step' | 'write', needs: Needs = {}, more: object = {}): ActionNode =>
  ({ work: { type }, needs, ...more }) as ActionNode;

it('a command and a step may, what has no process or asks for KVM or a terminal may not', () => {
  expect(mayLeave(store, action('run', { memoryMiB: 9000, cpus: 64 }))).toBe(true);
  expect(mayLeave(store, action('step'))).toBe(true);
  expect(mayLeave(store, action('write'))).toBe(false);
  expect(mayLeave(store, action('run', { kvm: true }))).toBe(false);
  expect(mayLeave(store, action('step', {}, { runnable: {} }))).toBe(false);
});

it('a virtual machine may where this machine emulates it as well', () => {
  const remember = (works: boolean, kernel = release()): void => {
    const identity = `${'0'.repeat(64)} ${JSON.stringify([kernel, cpus()[0]?.model])}`;
    writeKvmAnswer(store.root, { identity, works });
  };
  remember(false);
  expect(mayLeave(store, action('step', { vm: true }))).toBe(true);
  // Nobody knows what another kernel can.
  remember(false, 'another');
  expect(mayLeave(store, action('step', { vm: true }))).toBe(!existsSync('/dev/kvm'));
  remember(true);
  expect(mayLeave(store, action('step', { vm: true }))).toBe(!existsSync('/dev/kvm'));
});
