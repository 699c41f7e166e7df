/** Kills the installer's writer at random moments, starts it again, and compares the disk in the end. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FaultyServer } from '../test/rig/faulty-server.ts';
import { TestStore } from '../test/rig/index.ts';
import { prepareStore } from '../test/rig/prepared.ts';
import { SmallInstaller } from '../test/rig/small-installer.ts';

const HELP = `Usage: node bench/writer-kills.ts [--kills N]

Writes a small disk that is full of random bytes, again and again, each time killed once or more at a random moment and
then left to finish. Prints how many disks were made, and how many of them were wrong.

  --kills N   so many kills (100)
`;

const CARD = '52:54:00:0a:0b:0c';
const MIB = 2 ** 20;
/** From the start of a writer to its kill, at most. It ends by itself after about as long. */
const LONGEST_MS = 1500;

const { values } = parseArgs({
  options: { help: { type: 'boolean', default: false }, kills: { type: 'string', default: '100' } },
});
if (values.help) process.stdout.write(HELP);
else await main(Number(values.kills));

async function main(wanted: number): Promise<void> {
  await prepareStore();
  using store = new TestStore();
  const made = await SmallInstaller.build(store);
  using _project = made.project;
  await using server = await FaultyServer.start(made.folder);
  const right = rightDisk(made);
  let [kills, disks, wrong] = [0, 0, 0];
  while (kills < wanted) {
    const folder = made.project.path(`disk-${disks++}`);
    mkdirSync(folder);
    const disk = join(folder, 'disk.raw');
    writeFileSync(disk, randomBytes(right.length));
    while (kills < wanted && (await write(made, server, disk, Math.random() * LONGEST_MS)) === 'killed') kills++;
    await write(made, server, disk);
    if (!readFileSync(disk).equals(right)) wrong++;
    rmSync(folder, { recursive: true });
  }
  process.stdout.write(`${kills} kills, ${disks} disks, ${wrong} of them wrong\n`);
  if (wrong > 0) process.exitCode = 1;
}

/** One start of the writer, to its end or to its kill. */
async function write(made: SmallInstaller, server: FaultyServer, disk: string, killAfterMs?: number) {
  const words = [
    `url=${server.url}`,
    `manifest=${made.manifest}`,
    `disk=${disk}`,
    `card=${CARD}`,
    `folder=${disk}.run`,
  ];
  const env = { PATH: `${made.commands}:/usr/bin:/bin` };
  const child = spawn(
    made.writer,
    words.map((word) => `dsmb.${word}`),
    { env, stdio: 'ignore' },
  );
  const { promise, resolve } = Promise.withResolvers<'killed' | 'ended'>();
  child.once('close', (status) => resolve(status === null ? 'killed' : 'ended'));
  if (killAfterMs !== undefined) {
    await Promise.race([promise, pause(killAfterMs)]);
    child.kill('SIGKILL');
  }
  return promise;
}

/** The image with the host's own bytes, and a MiB of zeros behind it. */
function rightDisk(made: SmallInstaller): Buffer {
  const content = Buffer.alloc(made.image.length + MIB);
  made.ownImage({ mac: CARD, diskBytes: content.length }).copy(content);
  return content;
}
