/** The writer of the installer, the program itself, against files and a real web server that fails in all ways. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseMbr } from '../../src/disk/mbr.ts';
import { FaultyServer, type Fault } from '../rig/faulty-server.ts';
import { TestStore } from '../rig/index.ts';
import { SmallInstaller } from '../rig/small-installer.ts';

const MIB = 2 ** 20;
/** Larger than the image, and of an odd size. */
const DISK_BYTES = 53 * MIB + 512;
const CARD = '52:54:00:0a:0b:0c';
const LIMIT_MS = 120_000;

let store: TestStore;
let made: SmallInstaller;
let server: FaultyServer;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  store = new TestStore();
  made = await SmallInstaller.build(store);
});
afterAll(() => {
  made.project[Symbol.dispose]();
  store[Symbol.dispose]();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-writer-'));
  server = await FaultyServer.start(made.folder);
  writeFileSync(disk(), randomBytes(DISK_BYTES));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const disk = (): string => join(folder, 'disk.raw');
const isBlock = (path: string): boolean => path.startsWith('/blocks/');
const page = (): string => readFileSync(join(folder, 'run/www/index.html'), 'utf8');

/** What the disk must hold: the image with the host's own bytes in it, and zeros behind it. */
function wanted(network = ''): Buffer {
  const content = Buffer.alloc(DISK_BYTES);
  made.ownImage({ mac: CARD, network, diskBytes: DISK_BYTES }).copy(content);
  return content;
}

const isRight = (network?: string): boolean => readFileSync(disk()).equals(wanted(network));

/** A running writer. */
class Writer {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said = '';

  /** Words of the command line; a value with spaces is several words of one name. */
  constructor(words: Readonly<Record<string, string>> = {}) {
    mkdirSync(join(folder, 'run'), { recursive: true });
    const given = {
      url: server.url,
      manifest: made.manifest,
      disk: disk(),
      card: CARD,
      folder: join(folder, 'run'),
      ...words,
    };
    const argv = Object.entries(given).flatMap(([name, values]) =>
      values === '' ? [`dsmb.${name}`] : values.split(' ').map((value) => `dsmb.${name}=${value}`),
    );
    this.child = spawn(made.writer, ['quiet', ...argv], {
      env: { PATH: `${made.commands}:/usr/bin:/bin` },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    children.push(this.child);
    this.child.stdout!.on('data', (bytes: Buffer) => (this.said += bytes.toString()));
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    this.child.once('error', reject);
    this.child.once('close', resolve);
    this.ended = promise;
  }

  async says(text: RegExp): Promise<void> {
    for (const end = Date.now() + LIMIT_MS; !text.test(this.said);) {
      if (Date.now() > end) throw new Error(`'${text}' was not said in:\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits for its end; the disk must be right then. */
  async succeeds(): Promise<void> {
    const status = await this.ended;
    if (status !== 0) throw new Error(`the writer ended with ${status}:\n${this.said}`);
    expect(isRight()).toBe(true);
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

async function written(words?: Readonly<Record<string, string>>): Promise<Writer> {
  const writer = new Writer(words);
  await writer.succeeds();
  return writer;
}

describe('writing', { tags: 'long' }, () => {
  it('makes the whole disk what it should be, whatever was on it, with the MAC address of the card', async () => {
    const { said } = await written();
    expect(said).toMatch(/0 of \d+ blocks are there already[^]*reading everything back[^]*done/);
    expect(page()).toMatch(/<h1>done[^]*0 of \d+ blocks are there already/);
    // Of equal blocks, one is asked for, and none is missed.
    expect(said).not.toMatch(/blocks came from/);
    expect(new Set(server.asked.filter(isBlock)).size).toBe(server.asked.filter(isBlock).length);
  });

  it('takes blocks from a folder of its own', async () => {
    await written({ url: `file://${made.folder}` });
    expect(server.asked).toEqual([]);
  });

  it('fetches nothing that is there already', async () => {
    await written();
    server.asked.length = 0;
    await written();
    // The first block is fetched before the first write, to see whether it can be.
    expect(server.asked.filter(isBlock)).toHaveLength(1);
  });

  it('takes the address that it is told before that of the card', async () => {
    const writer = new Writer({ card: '00:16:3e:00:00:01', mac: '52-54-00-0A-0B-0C' });
    await writer.succeeds();
    expect(writer.said).toContain('done');
  });

  it('lets the last partition end where the disk ends, or where a table can tell', async () => {
    const { said } = await written();
    expect(said).toContain('the last partition grows from 8 to 13 MiB');
    const { partitions } = parseMbr(readFileSync(disk()));
    const last = partitions.find(({ number }) => number === 3);
    expect(last && last.start + last.sectors).toBe(DISK_BYTES / 512);
  });

  it('gives the system the network of the host, where it is told to, in a file of one size', async () => {
    const cards = [`${CARD},192.0.2.7/32,gw=198.51.100.1,dns=192.0.2.53`, '52:54:00:00:00:02,2001:db8::2/64'];
    const writer = new Writer({ net: cards.join(' '), 'keep-net': '' });
    expect(await writer.ended).toBe(0);
    expect(isRight(`set host_net="${cards.map((card) => `dsmb.net=${card}`).join(' ')}"`)).toBe(true);
  });

  it('waits before the first write, where it is told to, and goes on at a word', async () => {
    const before = readFileSync(disk());
    const writer = new Writer({ hold: 'write' });
    await writer.says(/held before the first write/);
    expect(page()).toContain('held before the first write');
    expect(readFileSync(disk()).equals(before)).toBe(true);
    writeFileSync(join(folder, 'run/go'), '');
    await writer.succeeds();
  });
});

describe('a bad server', { tags: 'long' }, () => {
  it.each<[Fault, RegExp]>([
    ['missing', /404/],
    ['wrong', /was not written: it is no such block/],
    ['cut', /was not written: it is cut off|transfer closed/],
    ['endless', /was not written|writing/],
  ])('that once gives something %s for blocks is asked again, and nothing of it is written', async (fault, says) => {
    server.faults = (path, times) => (isBlock(path) && times === 0 ? fault : undefined);
    const { said } = await written();
    expect(said).toMatch(says);
  });

  it('never gets a wrong block onto the disk, and the old boot sector stays until all else is right', async () => {
    const before = readFileSync(disk());
    const bad = '/blocks/' + last() + '.gz';
    server.faults = (path) => (path === bad ? 'wrong' : undefined);
    const writer = new Writer();
    await writer.says(/was not written[^]*was not written/);
    await writer.kill();
    const after = readFileSync(disk());
    expect(after.subarray(0, MIB).equals(before.subarray(0, MIB))).toBe(true);
    expect(after.includes('log in to this network')).toBe(false);
    server.faults = () => undefined;
    await written();
  });

  it('that is gone is replaced by the next address', async () => {
    await using gone = await FaultyServer.start(made.folder);
    gone.faults = () => 'missing';
    await written({ url: `http://127.0.0.1:1/ ${gone.url}/ ${server.url}/` });
    expect(gone.asked).not.toEqual([]);
  });

  it('that is down for a while is waited for', async () => {
    const { port } = server;
    server.faults = (path, times) => (isBlock(path) && times === 0 ? 'slow' : undefined);
    const writer = new Writer();
    await until(() => server.asked.some(isBlock));
    await server[Symbol.asyncDispose]();
    await writer.says(/[Cc]onnect|refused/);
    server = await FaultyServer.start(made.folder, port);
    await writer.succeeds();
    expect(server.asked.some(isBlock)).toBe(true);
  });

  it('that is slow is not asked twice', async () => {
    server.faults = (path) => (path.includes(last()) ? 'slow' : undefined);
    await written();
    expect(server.asked.filter((path) => path.includes(last()))).toHaveLength(1);
  });

  it('may get another installer meanwhile: what a running one reads keeps its name', async () => {
    const place = join(folder, 'published');
    cpSync(made.folder, place, { recursive: true, dereference: true });
    await using published = await FaultyServer.start(place);
    const writer = new Writer({ url: published.url });
    await until(() => published.asked.length > 0);
    for (const name of ['manifest.json', 'install.sh']) writeFileSync(join(place, name), 'another installer');
    await writer.succeeds();
    expect(published.asked).not.toContain('/manifest.json');
  });

  it('with another manifest than the one that is wanted changes nothing', async () => {
    const before = readFileSync(disk());
    server.faults = (path) => (path.startsWith('/manifest-') ? 'wrong' : undefined);
    const writer = new Writer();
    await writer.says(/another SHA-256[^]*another SHA-256/);
    await writer.kill();
    expect(page()).toContain('another SHA-256');
    expect(readFileSync(disk()).equals(before)).toBe(true);
  });
});

describe('a kill', { tags: 'long' }, () => {
  it('at any moment is made good by the next start', async () => {
    server.faults = (path, times) => (times === 0 && /^.blocks.[0-3]/.test(path) ? 'cut' : undefined);
    for (const requests of [1, 2, 3, 5, 11, 4, 12, 2]) {
      const before = server.asked.length;
      const writer = new Writer();
      await Promise.race([writer.ended, until(() => server.asked.length >= before + requests)]);
      await writer.kill();
    }
    expect((await written()).said).toMatch(/[1-9]\d* of \d+ blocks are there already/);
  });
});

describe('a refusal, with no byte changed,', { tags: 'long' }, () => {
  it.each([
    ['a disk of another size', { size: '1048576' }, /has \d+ bytes and not 1048576/],
    ['a disk that is not there', { disk: '/dev/none' }, /\/dev\/none cannot be opened/],
    ['an id that no disk has', { disk: 'cafe0123' }, /no disk has the table id or serial number cafe0123/],
    ['a card that the system does not know', { card: '00:16:3e:00:00:01' }, /does not recognise a card/],
    ['an address of the card that is none', { mac: '52:54' }, /'52:54' is not a MAC address/],
    ['no address to fetch from', { url: 'ftp://x' }, /no address of http/],
    ['an address of another file system', { url: 'file://host/x' }, /no address of http/],
    [
      'a network that is too long',
      { net: `${'1'.repeat(300)} ${'2'.repeat(300)}`, 'keep-net': '' },
      /into the 512 bytes/,
    ],
    ['a network that GRUB would run', { net: '1";reboot', 'keep-net': '' }, /is no network that can be kept/],
    ['no manifest', { manifest: 'abc' }, /no SHA-256 of a manifest/],
  ])('is the answer to %s', async (_what, words, says) => {
    const before = readFileSync(disk());
    const writer = new Writer(words);
    expect(await writer.ended).toBe(1);
    expect(writer.said).toMatch(says);
    expect(writer.said).toMatch(/nothing on any disk was changed\n.*what to do: /);
    expect(page()).toContain('<h1>stopped</h1>');
    expect(readFileSync(disk()).equals(before)).toBe(true);
  });

  it('is the answer to a disk that is too small', async () => {
    writeFileSync(disk(), randomBytes(20 * MIB));
    const writer = new Writer();
    expect(await writer.ended).toBe(1);
    expect(writer.said).toMatch(/has 20971520 bytes, the image \d+/);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The digest of the last block of the disk. */
function last(): string {
  const { blocks } = JSON.parse(readFileSync(join(made.folder, 'manifest.json'), 'utf8')) as {
    blocks: readonly { sha256: string }[];
  };
  return blocks.at(-1)!.sha256;
}
