/** An installer's folder in a project, made of texts: what publishes and deploys it does not look into the blocks. */
import { createHash } from 'node:crypto';
import type { Project } from './project.ts';

const RULES = `
import { attr, File, rule } from 'dsmb';
import { Installer } from 'dsmb/rules';
export const madeInstaller = rule({
  name: 'madeInstaller',
  makes: Installer,
  attributes: { files: attr.record(File) },
  implement: ({ files }, actions) => actions.compose(Installer, files),
});
`;
/** Bytes of a block are this many times its text. */
export const BLOCK = 5000;

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/**
 * Three blocks, of which one has the MAC address, and a script; with a `system`, a `preseed.cfg` that fetches it. Gives the digest
 * of the script.
 */
export function makeInstaller(project: Project, mac: string, body = '', system?: string): string {
  const blocks = ['a', 'b', mac].map((text) => text.repeat(BLOCK));
  const kernel = 'the kernel';
  const preseed = system === undefined ? {} : { preseed: [{ file: `system-${sha256(system)}` }] };
  const manifest = JSON.stringify({
    ...preseed,
    kernel: { file: `vmlinuz-${sha256(kernel)}` },
    initrd: { file: `initrd-${sha256(kernel)}` },
    blocks: blocks.map((content) => ({ sha256: sha256(content) })),
  });
  const script = `#!/bin/sh\n# ${sha256(manifest)}\n${body}`;
  const files: Record<string, string> = {
    ...Object.fromEntries(blocks.map((content) => [`blocks/${sha256(content)}.gz`, content])),
    [`vmlinuz-${sha256(kernel)}`]: kernel,
    [`initrd-${sha256(kernel)}`]: kernel,
    [`manifest-${sha256(manifest)}.json`]: manifest,
    'manifest.json': manifest,
    'install.sh': script,
    ...(system === undefined ? {} : { [`system-${sha256(system)}`]: system, 'preseed.cfg': sha256(system) }),
  };
  for (const [path, content] of Object.entries(files)) project.write(`installer/${path}`, content);
  const sources = Object.keys(files).map((path) => `'${path}': file('installer/${path}')`);
  project.write('rules.ts', RULES);
  project.write(
    'build.dsm.ts',
    `import { file } from 'dsmb';
import { deployedInstaller, publishedInstaller, servedInstaller } from 'dsmb/rules';
import { madeInstaller } from './rules.ts';
export const installer = madeInstaller({ files: { ${sources.join(', ')} } });
export const publish = publishedInstaller({ installer });
export const served = servedInstaller({ installer });
export const deploy = deployedInstaller({ installer });
`,
  );
  return sha256(script);
}
