/** `install.sh` as the rule makes it, with a manifest of a test's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstallManifest } from '../../rules/cloud-installer/manifest.ts';
import { installScript } from '../../rules/cloud-installer/script.ts';
import { CHECKOUT } from './project.ts';

const PARTS = ['head', 'ask', 'fetch', 'disk', 'network', 'looks', 'pack', 'boot', 'main'];
const MIB = 2 ** 20;
export const DIGEST = 'd'.repeat(64);

const named = (file: string) => ({ file: `${file}-${DIGEST}`, sha256: DIGEST, bytes: MIB });

/** Of an image of 20 GiB with one block, which is nowhere. */
export const MANIFEST: InstallManifest = {
  disk: { bytes: 20 * 1024 * MIB, blockSize: MIB, dataBytes: MIB, blocksRoot: DIGEST, partitions: [] },
  boot: ['bios'],
  minimum: { memoryMiB: 256, diskBytes: 20 * 1024 * MIB },
  macPrefixes: ['52:54:00'],
  kernel: named('vmlinuz'),
  initrd: named('initrd'),
  blocks: [{ index: 0, sha256: DIGEST, bytes: MIB, packed: 1000 }],
};

export function scriptFor(manifest: InstallManifest, digest = DIGEST): string {
  const parts = PARTS.map((name) => readFileSync(join(CHECKOUT, `rules/cloud-installer/install/${name}.sh`), 'utf8'));
  return installScript(parts, { manifest, digest, urls: [] });
}
