/** Writes the folder that a host installs from. Only blocks that no earlier installer had are compressed. */
import { mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compressPieces, deflateCodec, gzip, type DataBlock, type Segment } from 'dsmb/archive';
import { BLOCK_SIZE, blockPath, openDisk, type DiskReader } from 'dsmb/disk';
import { fail, step, type StepContext } from 'dsmb/step';
import { deploymentOf, partitionsOf, type Deployment } from '../disk-archive/describe.ts';
import { linkByDigest } from './named-file.ts';
import { manifestText, sha256, type InstallBlock, type InstallManifest } from './manifest.ts';
import { installScript } from './script.ts';

interface Spec {
  readonly args: { readonly level: number; readonly urls: readonly string[]; readonly parts: readonly string[] };
  readonly inputs: 'disk' | 'kernel' | 'initrd' | 'script';
  readonly outputs: 'installer';
}

type Context = StepContext<Spec>;

const MAC_DIGITS = 12;

export default step<Spec>(async (context) => {
  const { args, inputs, outputs } = context;
  const disk = openDisk(inputs.disk);
  const deployment = placeable(deploymentOf(disk));
  mkdirSync(join(outputs.installer, 'blocks'), { recursive: true });
  const blocks = await writeBlocks(context, disk);
  const manifest: InstallManifest = {
    disk: {
      bytes: disk.size,
      blockSize: BLOCK_SIZE,
      dataBytes: blocks.reduce((sum, { bytes }) => sum + bytes, 0),
      blocksRoot: rootOf(disk.size, blocks),
      partitions: partitionsOf(disk),
    },
    ...deployment,
    ...(deployment.macOffset === undefined
      ? {}
      : { macDigits: disk.read(deployment.macOffset, MAC_DIGITS).toString('latin1') }),
    kernel: await linkByDigest(outputs.installer, 'vmlinuz', inputs.kernel),
    initrd: await linkByDigest(outputs.installer, 'initrd', inputs.initrd),
    blocks,
  };
  const text = manifestText(manifest);
  const digest = sha256(text);
  const parts = args.parts.map((name) => readFileSync(join(inputs.script, name), 'utf8'));
  for (const [name, content] of [
    ['manifest.json', text],
    [`manifest-${digest}.json`, text],
    ['install.sh', installScript(parts, { manifest, digest, urls: args.urls })],
  ] as const)
    await writeFile(join(outputs.installer, name), content, { mode: name === 'install.sh' ? 0o755 : 0o644 });
});

/** A MAC address that is not where it can be replaced would be the same on every host. */
function placeable(deployment: Deployment): Deployment {
  if (deployment.placeholderMac !== undefined && deployment.macOffset === undefined)
    fail(
      'INSTALL_MAC_PLACE',
      'the MAC address in grub.cfg lies in two sectors of the disk, so that it cannot be replaced',
      {
        hint: 'make a comment in grub.cfg before the line of mac1 longer or shorter',
      },
    );
  return deployment;
}

/** Writes `blocks/<sha256>.gz`, one for each content, in the order of the disk. */
async function writeBlocks({ args, inputs, outputs, memo, digestOf, progress, log }: Context, disk: DiskReader) {
  const pieces = [...disk.blocks()].map((index): DataBlock & { readonly index: number } => {
    const sha256 = digestOf(join(inputs.disk, blockPath(index)));
    const offset = index * BLOCK_SIZE;
    return {
      type: 'block',
      index,
      offset,
      length: Math.min(BLOCK_SIZE, disk.size - offset),
      ...(sha256 === undefined ? {} : { sha256 }),
      read: (into) => disk.readBlock(index, into),
    };
  });
  const blocks: InstallBlock[] = [];
  const digests: string[] = [];
  let compressed = 0;
  const onBlock = (digest: string, kept: boolean): void => {
    digests.push(digest);
    if (!kept) compressed++;
  };
  for await (const segment of compressPieces(pieces, { codec: deflateCodec(args.level), memo, onBlock })) {
    const { index, length } = pieces[blocks.length]!;
    const digest = digests.at(-1)!;
    const packed = await bytesOf(gzip(once(segment)));
    await writeFile(join(outputs.installer, 'blocks', `${digest}.gz`), packed);
    blocks.push({ index, sha256: digest, bytes: length, packed: packed.length });
    progress('compress', (100 * blocks.length) / pieces.length);
  }
  log(`${compressed} of ${blocks.length} blocks compressed`);
  return blocks;
}

async function* once(segment: Segment): AsyncGenerator<Segment> {
  yield segment;
}

async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(Buffer.from(part));
  return Buffer.concat(all);
}

/** As the manifest of an archive has it. */
function rootOf(size: number, blocks: readonly InstallBlock[]): string {
  return sha256(`dsmb-blocks/1 ${size}\n${blocks.map((block) => `${block.index} ${block.sha256}\n`).join('')}`);
}
