import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './model.test-helper.ts';

const MIB = 1024 * 1024;
const LIMIT_MIB = 300;
const BLOCKS = 1024;
const MODULE = new URL('./index.ts', import.meta.url).href;

/** Runs code in a process of its own; gives its largest resident memory in MiB and the most files it had open. */
function measure(code: string): { memory: number; files: number } {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs';
    import * as d from ${JSON.stringify(MODULE)};
    let files = 0;
    const progress = () => { files = Math.max(files, readdirSync('/proc/self/fd').length); };
    ${code}
    progress();
    const memory = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] / 1024;
    console.log(JSON.stringify({ memory, files }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
}

/** 200 GiB with 1 GiB of data, and a part of it changed: in bounded memory, with few open files. */
test('a disk of 200 GiB with 1 GiB of data', { tags: 'long', timeout: 300_000 }, () => {
  using folder = temporaryFolder();
  const at = (name: string) => JSON.stringify(join(folder.path, name));
  const extents = writeRaw(join(folder.path, 'raw'), 200 * 1024);
  const steps = {
    rawToDisk: `d.rawToDisk(${at('raw')}, ${at('disk')}, { extents: ${JSON.stringify(extents)}, progress });`,
    editDisk: `const e = d.editDisk({ from: ${at('disk')}, to: ${at('edited')} });
      for (let i = 0; i < 200; i++) { e.write(i * 700 * ${MIB} + 3, Buffer.from('changed')); progress(); }
      e.finish();`,
    info: `d.describeDisk(d.openDisk(${at('disk')}));`,
    diff: `if (d.compareDisks(d.openDisk(${at('disk')}), d.openDisk(${at('edited')})).regions[0].rangeCount !== 200) throw 1;`,
    inspect: `if (d.inspectDisk(${at('disk')}, { progress }).damage.length > 0) throw 1;`,
    diskToRaw: `d.diskToRaw(${at('edited')}, ${at('back')}, progress);`,
  };
  const figures = Object.entries(steps).map(([name, code]) => [name, measure(code)] as const);
  console.log(
    figures.map(([name, { memory, files }]) => `${name}: ${Math.round(memory)} MiB, ${files} files`).join('; '),
  );
  for (const [, { memory, files }] of figures) {
    expect(memory).toBeLessThan(LIMIT_MIB);
    expect(files).toBeLessThan(40);
  }
});

/** Random blocks, spread evenly over a sparse file. */
function writeRaw(path: string, sizeMiB: number): { start: number; length: number; zero: boolean }[] {
  const file = openSync(path, 'w');
  ftruncateSync(file, sizeMiB * MIB);
  const block = Buffer.alloc(MIB);
  const extents = Array.from({ length: BLOCKS }, (_, index) => {
    const start = Math.floor((index * sizeMiB) / BLOCKS) * MIB;
    block.fill(`block ${index} `);
    writeSync(file, block, 0, MIB, start);
    return { start, length: MIB, zero: false };
  });
  closeSync(file);
  return extents;
}
