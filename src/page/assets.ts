/** The page's script and style: one file each, bundled when a page is asked for, and at no other time. */
import { build } from 'esbuild';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { modulePath } from '../model/own-files.ts';
import type { WholeBuild } from './protocol.ts';

export interface Assets {
  readonly script: string;
  readonly style: string;
}

export async function bundleAssets(): Promise<Assets> {
  const main = modulePath(new URL('browser/main.ts', import.meta.url));
  const style = fileURLToPath(new URL('browser/page.css', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [main, style],
    bundle: true,
    write: false,
    outdir: '/',
    format: 'iife',
    target: 'es2023',
    minify: true,
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
  return { script: text('.js'), style: text('.css') };
}

/** The document that a server gives. It has nothing of the build: whoever may not read that can have it. */
export const SERVED_DOCUMENT = documentOf(
  '<link rel="stylesheet" href="/page.css">',
  '<script src="/page.js" defer></script>',
  '</head><body><main class="problem"><h1>dsmb</h1><p>waiting for the build</p></main>',
);

/** A build as one file, which needs no server and asks none. */
export function wholeDocument(whole: WholeBuild, { script, style }: Assets): string {
  // Inside of a script element only this could end it.
  const data = JSON.stringify(whole).replaceAll('<', String.raw`\u003c`);
  const policy = [
    "default-src 'none'",
    `script-src ${source(script)}`,
    `style-src ${source(style)}`,
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  return documentOf(
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<style>${style}</style>`,
    `<script type="application/json" id="build">${data}</script>`,
    `</head><body><script>${script}</script>`,
  );
}

function documentOf(...head: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>dsmb</title>',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    ...head,
    '',
  ].join('\n');
}

function source(text: string): string {
  return `'sha256-${hash('sha256', text, 'base64')}'`;
}
