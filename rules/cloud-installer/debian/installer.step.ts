/** The folder of an installer once more, with the Debian installer for a kernel and an initrd. No block is read. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from 'dsmb/step';
import { manifestText, sha256, type InstallManifest, type NamedFile } from '../manifest.ts';
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
  const named = (name: string, file: string): NamedFile => linkByDigest(folder, name, file);
  const before = readFileSync(join(inputs.installer, 'manifest.json'), 'utf8');
  const { format: _, ...own } = JSON.parse(before) as InstallManifest & { readonly format: string };
  const [busybox, system] = [named('busybox', inputs.busybox), named('system', inputs.system)];
  const manifest: InstallManifest = {
    ...own,
    minimum: { ...own.minimum, memoryMiB: Math.max(MEMORY_MIB, own.minimum.memoryMiB) },
    kernel: named('vmlinuz', inputs.kernel),
    initrd: named('initrd', inputs.initrd),
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

/** Links a file under a name with its digest, which never means another content. */
function linkByDigest(folder: string, name: string, from: string): NamedFile {
  const content = readFileSync(from);
  const digest = sha256(content);
  const file = `${name}-${digest}`;
  symlinkSync(from, join(folder, file));
  return { file, sha256: digest, bytes: content.length };
}
