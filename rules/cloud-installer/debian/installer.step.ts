/** The folder of an installer once more, with the Debian installer for a kernel and an initrd. No block is read. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from 'dsmb/step';
import { manifestText, sha256, type InstallManifest, type NamedFile } from '../manifest.ts';
import { linkByDigest } from '../named-file.ts';
import { installScript } from '../script.ts';
import { preseedText } from './preseed.ts';

interface Spec {
  readonly args: {
    readonly urls: readonly string[];
    readonly parts: readonly string[];
    /** The kernel's version. */
    readonly version: string;
  };
  readonly inputs: 'installer' | 'kernel' | 'initrd' | 'system' | 'busybox' | 'script';
  readonly outputs: 'installer';
}

/** Memory in MiB with which the Debian installer has been seen to write a disk. */
const MEMORY_MIB = 512;

export default step<Spec>(async ({ args, inputs, outputs }) => {
  const folder = outputs.installer;
  mkdirSync(folder);
  const named = (name: string, file: string): Promise<NamedFile> => linkByDigest(folder, name, file);
  const before = readFileSync(join(inputs.installer, 'manifest.json'), 'utf8');
  const { format: _, ...own } = JSON.parse(before) as InstallManifest & { readonly format: string };
  const [busybox, system] = [await named('busybox', inputs.busybox), await named('system', inputs.system)];
  const manifest: InstallManifest = {
    ...own,
    minimum: { ...own.minimum, memoryMiB: Math.max(MEMORY_MIB, own.minimum.memoryMiB) },
    kernel: await named('vmlinuz', inputs.kernel),
    initrd: await named('initrd', inputs.initrd),
    preseed: [busybox, system],
  };
  const text = manifestText(manifest);
  const digest = sha256(text);
  const parts = args.parts.map((name) => readFileSync(join(inputs.script, name), 'utf8'));
  const preseed = { busybox: busybox.file, system: system.file, manifest: digest, kernel: args.version };
  symlinkSync(join(inputs.installer, 'blocks'), join(folder, 'blocks'));
  writeFileSync(join(folder, 'manifest.json'), text);
  writeFileSync(join(folder, `manifest-${digest}.json`), text);
  writeFileSync(join(folder, 'preseed.cfg'), preseedText(preseed));
  writeFileSync(join(folder, 'install.sh'), installScript(parts, { manifest, digest, urls: args.urls }), {
    mode: 0o755,
  });
});
