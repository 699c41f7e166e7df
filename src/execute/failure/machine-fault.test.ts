/** Which failures are tried again: those of the machine that may pass, and no others. */
import { describe, expect, it } from 'vitest';
import { passingFault } from './machine-fault.ts';
import { HELPER_LOST, type Exit } from '../process/spawner.ts';

const ended = (more: Partial<Exit> = {}): Exit => ({ code: 1, signal: null, timedOut: false, ...more });

describe('a failure that may pass', () => {
  it.each([
    ['the helper is gone', ended({ code: null, error: HELPER_LOST }), ''],
    ['no process can be started', ended({ code: null, error: 'spawn bwrap EAGAIN' }), ''],
    ['no files can be opened', ended({ code: null, error: 'spawn EMFILE' }), ''],
    ['no sandbox', ended(), 'bwrap: Creating new namespace failed: Resource temporarily unavailable'],
    ['no more namespaces', ended(), 'bwrap: Creating new namespace failed: No space left on device'],
    ['no memory', ended(), "bwrap: Can't fork for pid 1: Cannot allocate memory"],
  ])('%s', (_name, exit, log) => expect(passingFault(exit, log, undefined)).toBeTypeOf('string'));

  it('is a virtual machine that gets no memory', () => {
    const said = {
      code: 'VM_START',
      message: 'QEMU did not start',
      detail: 'cannot set up guest memory: Cannot allocate memory',
    } as const;
    expect(passingFault(ended(), '', said)).toMatch(/virtual machine/);
    expect(passingFault(ended(), '', { ...said, detail: 'bad option' })).toBeUndefined();
  });

  it('is a guest whose timer came too late, and no other panic', () => {
    const timer = "Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug and send a report.";
    const panic = (why: string) => ({ code: 'VM_PANIC', message: `the guest's kernel panicked (${why})` }) as const;
    expect(passingFault(ended(), '', panic(timer))).toMatch(/too little processor time/);
    expect(passingFault(ended(), '', { ...panic('pvpanic'), detail: `[    0.1] ${timer}` })).toBeTypeOf('string');
    expect(
      passingFault(ended(), '', panic('Kernel panic - not syncing: VFS: Unable to mount root fs')),
    ).toBeUndefined();
    expect(passingFault(ended(), timer, undefined)).toBeUndefined();
  });
});

describe('a failure that does not pass', () => {
  it.each([
    ['a command that fails', ended(), 'no such thing'],
    ['a command that speaks of memory', ended(), 'cc: Cannot allocate memory'],
    ['a program that is not there', ended(), 'bwrap: execvp /usr/bin/x: No such file or directory'],
    ['an input that cannot be mounted', ended(), "bwrap: Can't mkdir /in/x: No such file or directory"],
    ['a full disk', ended(), "bwrap: Can't mkdir /in/x: No space left on device"],
    ['a command that complains after a complaint', ended(), 'bwrap: Cannot allocate memory\nand more'],
    ['a time limit', ended({ code: null, timedOut: true, error: HELPER_LOST }), ''],
    ['a program of the machine that is not there', ended({ code: null, error: 'spawn /x ENOENT' }), ''],
  ])('%s', (_name, exit, log) => expect(passingFault(exit, log, undefined)).toBeUndefined());
});
