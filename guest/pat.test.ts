/** The stand-in's archives, made by their steps and read back: whole, what they claim to be, the same bytes twice. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runStepHere } from 'dsmb/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireMatch } from '../rules/installed-disk/loader-match.ts';
import { readPat } from '../rules/installed-disk/pat.ts';
import { loaderJson, versionFile } from './dsm-version.ts';
import packPat from './pat.step.ts';
import packSystem from './system.step.ts';

const version = { model: 'DS3615xs', platform: 'bromolow', version: '6.1.7', build: '15284' };

let root = '';
const at = (path: string): string => join(root, path);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'stand-in-test-'));
  mkdirSync(at('layer/etc'), { recursive: true });
  writeFileSync(at('layer/etc/rc'), '#!/bin/sh\n');
  writeFileSync(at('kernel'), Buffer.alloc(100_000, 'kernel'));
  writeFileSync(at('rd'), 'initrd');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function system(name: string, fillingMiB: number): Promise<string> {
  await runStepHere(packSystem, {
    args: { layers: ['layer0'], links: { 'usr/sbin/init': '../bin/busybox' }, fillingMiB },
    inputs: {},
    allInputs: { layer0: at('layer'), ...(fillingMiB > 0 ? { filling: at('filling') } : {}) },
    outputs: { system: at(name) },
    scratch: root,
  });
  return at(name);
}

async function pat(name: string): Promise<string> {
  await runStepHere(packPat, {
    args: { version: versionFile(version) },
    inputs: { zImage: at('kernel'), rd: at('rd'), system: await system(`${name}.tgz`, 0) },
    outputs: { pat: at(name) },
    scratch: root,
  });
  return at(name);
}

describe('the stand-in', () => {
  it('makes a .pat that is whole and belongs to its loader', async () => {
    const info = await readPat(await pat('a.pat'));
    expect(info).toEqual(version);
    requireMatch(JSON.parse(loaderJson(version)) as object, info);
  });

  it('makes the same bytes twice', async () => {
    expect(readFileSync(await pat('b.pat')).equals(readFileSync(await pat('c.pat')))).toBe(true);
  });

  it('fills the system with the files of a folder, as often as it takes', async () => {
    mkdirSync(at('filling/b'), { recursive: true });
    const [first, second] = ['first,'.repeat(50_000), 'second,'.repeat(50_000)];
    writeFileSync(at('filling/a'), first);
    writeFileSync(at('filling/b/c'), second);
    const filled = gunzipSync(readFileSync(await system('1.tgz', 1)));
    expect(filled.length).toBeGreaterThan(1024 * 1024);
    expect(filled.includes(first + second + first)).toBe(true);
  });
});
