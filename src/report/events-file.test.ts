/** Events as lines of JSON. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BuildEvent } from '../model/event.ts';
import { EventsFile } from './events-file.ts';
import { ReportFile } from './report-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-events-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('an events file has every event, in order, with its time; the first says which schema it is', async () => {
  const warnings: BuildEvent[] = Array.from({ length: 5000 }, (_, index) => ({ type: 'warning', message: `${index}` }));
  const file = await ReportFile.open('events', join(folder, 'events'));
  const events = new EventsFile(file);
  events.listen({ type: 'build-started', targets: [], actions: 1 });
  warnings.forEach(events.listen);
  expect(await file.close()).toBeUndefined();
  const lines = readFileSync(join(folder, 'events'), 'utf8').split('\n').slice(0, -1);
  const [first, ...rest] = lines.map((line) => JSON.parse(line) as { time: number });
  expect(first).toEqual({ time: expect.any(Number), type: 'build-started', targets: [], actions: 1, schema: 1 });
  expect(Math.abs(first!.time - Date.now())).toBeLessThan(60_000);
  expect(rest.map((line) => ({ ...line, time: 0 }))).toEqual(warnings.map((event) => ({ time: 0, ...event })));
});
