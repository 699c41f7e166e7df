/** Events as lines of JSON: into a file, through a named pipe, and where the reader goes away. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BuildEvent } from '../model/event.ts';
import { EventsFile } from './events-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-events-'));
  path = join(folder, 'events');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 5000;
const warnings: BuildEvent[] = Array.from({ length: COUNT }, (_, index) => ({ type: 'warning', message: `${index}` }));
const linesOf = (written: string): unknown[] =>
  written
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('an events file', () => {
  it('has every event, in order, with its time; the first says which schema it is', async () => {
    const file = await EventsFile.open(path);
    file.listen({ type: 'build-started', targets: [], actions: 1 });
    warnings.forEach(file.listen);
    expect(await file.close()).toBeUndefined();
    const [first, ...rest] = linesOf(readFileSync(path, 'utf8')) as { time: number }[];
    expect(first).toEqual({ time: expect.any(Number), type: 'build-started', targets: [], actions: 1, schema: 1 });
    expect(Math.abs(first!.time - Date.now())).toBeLessThan(60_000);
    expect(rest.map((line) => ({ ...line, time: 0 }))).toEqual(warnings.map((event) => ({ time: 0, ...event })));
  });

  it('may be a named pipe whose reader comes later', async () => {
    execFileSync('mkfifo', [path]);
    const opening = EventsFile.open(path);
    const reader = spawn('cat', [path]);
    const read = text(reader.stdout);
    const file = await opening;
    warnings.forEach(file.listen);
    expect(await file.close()).toBeUndefined();
    expect(linesOf(await read)).toHaveLength(COUNT);
  });

  it('whose reader goes away is given up, and says so', async () => {
    execFileSync('mkfifo', [path]);
    const opening = EventsFile.open(path);
    const reader = spawn('head', ['-n', '1', path], { stdio: 'ignore' });
    const file = await opening;
    file.listen(warnings[0]!);
    await once(reader, 'exit');
    for (const event of warnings) {
      file.listen(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await file.close()).toMatch(/^events are missing at the end of .*events: .*EPIPE/);
  });

  it('that cannot be written is an error before anything is built', async () => {
    await expect(EventsFile.open(join(folder, 'no', 'folder'))).rejects.toThrow(/ENOENT/);
  });
});
