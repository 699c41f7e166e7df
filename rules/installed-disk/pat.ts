/** Reads a DSM installation archive (.pat, a plain tar) from end to end: is it whole, and what is it for? */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { fileSource } from 'dsmb/disk';
import { fail, Failure } from 'dsmb/step';
import { formOf, UNPACKED_BY } from '../downloaded/form.ts';
import { differences, parseChecksums, sumOf, type FileSum } from './syno-checksum.ts';

/** What a .pat installs. */
export interface PatInfo {
  /** As a loader names it, for example `DS3615xs`. */
  readonly model: string;
  /** The processor family, for example `bromolow`; not in every .pat. */
  readonly platform: string | undefined;
  /** For example `6.1.7`. */
  readonly version: string;
  /** For example `15284`. */
  readonly build: string;
}

/** The texts that are kept; everything else is only summed up. */
const TEXTS = ['checksum.syno', 'VERSION'];
/** What the web assistant cannot do without. */
const REQUIRED = ['VERSION', 'hda1.tgz', 'zImage', 'rd.gz'];
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_FILES = 100_000;

interface Contents {
  readonly sums: Map<string, FileSum>;
  readonly texts: Map<string, string>;
}

/** Verifies `checksum.syno` and reads `VERSION`. Streams; nothing is unpacked. */
export async function readPat(file: string): Promise<PatInfo> {
  checkForm(file);
  const { sums, texts } = await readContents(file);
  const checksums = parseChecksums(textOf(texts, 'checksum.syno'));
  const wrong = differences(checksums, sums);
  for (const name of REQUIRED)
    if (!checksums.files.has(name)) wrong.push(`${name}: needed by the installer, but not named in checksum.syno`);
  if (wrong.length > 0)
    fail('PAT_CHECKSUM', 'the .pat is damaged: its files are not what its checksum.syno says', {
      detail: wrong.slice(0, 20).join('\n'),
      hint: 'get the .pat again and compare its SHA-256 with the publisher’s',
    });
  return parseVersion(textOf(texts, 'VERSION'));
}

/** Reads the text of a `VERSION` file: lines of `key="value"`. */
export function parseVersion(text: string): PatInfo {
  const values = new Map(
    [...text.matchAll(/^(\w+)=(?:"([^"\n]*)"|(\S*))\s*$/gm)].map(([, key, quoted, plain]) => [
      key,
      quoted ?? plain ?? '',
    ]),
  );
  const value = (key: string): string =>
    values.get(key) ?? fail('PAT_UNREADABLE', `the .pat's VERSION has no ${key}`, { detail: text.slice(0, 2000) });
  const [, platform, model] = /^synology_([^_]+)_(\S+)$/.exec(value('unique')) ?? [];
  if (model === undefined)
    return fail('PAT_UNREADABLE', `the .pat's VERSION names no model: unique="${value('unique')}"`);
  const version = values.get('productversion') ?? `${value('majorversion')}.${value('minorversion')}`;
  return { model: fullModel(model), platform, version, build: value('buildnumber') };
}

/** `3615xs` is how `unique` writes the DS3615xs; other families bear their letters. */
function fullModel(model: string): string {
  return /^\d/.test(model) ? `DS${model}` : model.replace(/^[a-z]+(?=\d)/, (letters) => letters.toUpperCase());
}

/** A .pat is a plain tar. What it is instead is said before anything is read. */
function checkForm(file: string): void {
  using source = fileSource(file);
  if (source.size === 0) fail('PAT_UNREADABLE', 'the .pat is empty', { hint: 'get it again' });
  const form = formOf(source);
  if (form === undefined || form.name === 'tar') return;
  if (form.type === 'encrypted')
    fail('PAT_UNREADABLE', `this is ${form.name}`, { hint: 'give a .pat of DSM 6, which lists with `tar tf`' });
  const by = UNPACKED_BY[form.name];
  fail(
    'PAT_UNREADABLE',
    `the .pat is ${form.type === 'compressed' ? 'compressed with' : 'packed: it is'} ${form.name}`,
    {
      hint: by === undefined ? 'unpack it, and give the .pat that is in it' : `unpack it: ${by} FILE >unpacked.pat`,
    },
  );
}

async function readContents(file: string): Promise<Contents> {
  const contents: Contents = { sums: new Map(), texts: new Map() };
  const entries = extract();
  try {
    const feeding = pipeline(createReadStream(file), entries);
    feeding.catch(() => {});
    for await (const entry of entries)
      await readEntry(entry.header, entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>, contents);
    await feeding;
    return contents;
  } catch (error) {
    if (error instanceof Failure) throw error;
    return fail('PAT_UNREADABLE', 'the .pat is not a tar archive that can be read to its end', {
      detail: error instanceof Error ? error.message : String(error),
      hint: 'it may be damaged: a .pat of DSM 6 lists with `tar tf`; compare its SHA-256 with the publisher’s',
    });
  }
}

async function readEntry(header: Header, data: AsyncIterable<Uint8Array>, { sums, texts }: Contents): Promise<void> {
  const name = header.name.replace(/^(\.\/)+/, '');
  if (header.type !== 'file') {
    if (header.type !== 'directory') fail('PAT_UNREADABLE', `the .pat holds a ${header.type}: ${name}`);
    for await (const _ of data);
    return;
  }
  if (name.startsWith('/') || name.split('/').includes('..'))
    fail('PAT_UNREADABLE', `the .pat holds a path that leads out of it: ${JSON.stringify(name)}`);
  if (sums.has(name)) fail('PAT_UNREADABLE', `the .pat holds ${name} twice`);
  if (sums.size >= MAX_FILES) fail('PAT_UNREADABLE', `the .pat holds more than ${MAX_FILES} files`);
  const kept: Uint8Array[] = [];
  const size = header.size ?? 0;
  if (TEXTS.includes(name) && size > MAX_TEXT_BYTES) fail('PAT_UNREADABLE', `the .pat's ${name} has ${size} bytes`);
  sums.set(name, await sumOf(TEXTS.includes(name) ? copying(data, kept) : data, size));
  if (TEXTS.includes(name)) texts.set(name, Buffer.concat(kept).toString('utf8'));
}

async function* copying(data: AsyncIterable<Uint8Array>, into: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const chunk of data) {
    into.push(chunk);
    yield chunk;
  }
}

function textOf(texts: ReadonlyMap<string, string>, name: string): string {
  return texts.get(name) ?? fail('PAT_UNREADABLE', `the .pat holds no ${name}`);
}
