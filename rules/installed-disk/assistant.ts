/**
 * The web assistant of an uninstalled DSM, on port 5000: what it says, and how a .pat is given to it. `port` is always
 * the host's port that leads there.
 */
import { createReadStream, statSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { fail } from 'dsmb/step';
import { bodyOf, httpGet, type HttpAnswer } from 'dsmb/vm';

/** The port of the assistant, and of the installed system. */
export const DSM_PORT = 5000;

/** What `get_state.cgi` tells, as far as it matters here. */
export interface AssistantState {
  readonly hasDisk: boolean;
  /** `not_install`, `sys_crash` or `sys_migrat`. */
  readonly status: string;
  readonly model: string | undefined;
}

/** What port 5000 shows: the install screen, or the installed system. */
export type Seen = { readonly screen: 'install'; readonly state: AssistantState } | { readonly screen: 'system' };

/** What `get_install_progress.cgi` tells. */
export type Progress =
  | { readonly kind: 'working'; readonly stage: string; readonly percent: number | undefined }
  | { readonly kind: 'error'; readonly body: string }
  /** An empty body, or no answer: nothing to do yet, or already rebooting. */
  | { readonly kind: 'silent' };

const STATE = '/webman/get_state.cgi';
const PROGRESS = '/webman/get_install_progress.cgi';

/** Looks once at port 5000; undefined where nothing answers yet that can be told apart. */
export async function look(port: number, signal: AbortSignal): Promise<Seen | undefined> {
  const answer = await httpGet(port, STATE, signal);
  if (!answer) return undefined;
  const state = parseState(answer);
  if (state) return { screen: 'install', state };
  const front = await httpGet(port, '/', signal);
  return isHtml(answer) && front && front.status < 400 && isHtml(front) ? { screen: 'system' } : undefined;
}

/** Looks once at the installation's progress. */
export async function installProgress(port: number, signal: AbortSignal): Promise<Progress> {
  const body = (await httpGet(port, PROGRESS, signal))?.body.trim() ?? '';
  if (body === '') return { kind: 'silent' };
  const answer = parseObject(body);
  const { stage, progress } = object(answer?.['data']);
  if (answer?.['success'] !== true || typeof stage !== 'string') return { kind: 'error', body };
  const percent = Number.parseInt(String(progress), 10);
  return { kind: 'working', stage, percent: percent >= 0 && percent <= 100 ? percent : undefined };
}

/** A file to upload, and the state that the assistant was in. */
export interface Upload {
  readonly file: string;
  readonly status: string;
  /** Seconds since 1970 by which the guest sets its clock. */
  readonly utcTime: number;
  readonly progress: (percent: number) => void;
}

/**
 * Posts the .pat as multipart form data. The length is exact, as the assistant refuses chunked requests; the file is
 * streamed. Returns once the assistant has accepted it.
 */
export async function uploadPat(port: number, upload: Upload, signal: AbortSignal): Promise<void> {
  const size = statSync(upload.file).size;
  const boundary = `----dsmb${size.toString(16).padStart(16, '0')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="filename"; filename="DSM.pat"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const query = new URLSearchParams({
    upload: 'true',
    status: upload.status,
    localinstallreq: 'false',
    utctime: String(upload.utcTime),
    _dc: String(upload.utcTime * 1000),
  });
  const { promise: response, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const post = request(
    {
      ...{ host: '127.0.0.1', port, method: 'POST', path: `/webman/install.cgi?${query.toString()}` },
      ...{ signal, agent: false },
      headers: {
        'Content-Type': `multipart/form-data; boundary=${boundary}`,
        'Content-Length': head.length + size + tail.length,
      },
    },
    resolve,
  ).on('error', reject);
  // An assistant that refuses may answer before it has read all: its answer counts, not the broken upload.
  pipeline(() => parts(head, upload, size, tail), post).catch(reject);
  requireAccepted(await answerOf(response));
}

async function* parts(head: Buffer, { file, progress }: Upload, size: number, tail: Buffer): AsyncGenerator<Buffer> {
  yield head;
  let sent = 0;
  let shown = -1;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    yield chunk;
    sent += chunk.length;
    const percent = Math.floor((100 * sent) / size);
    if (percent > shown) progress(percent);
    shown = percent;
  }
  yield tail;
}

async function answerOf(response: Promise<IncomingMessage>): Promise<string> {
  try {
    return await bodyOf(await response);
  } catch (error) {
    return fail(
      'INSTALL_UPLOAD',
      `the upload of the .pat broke off: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function requireAccepted(body: string): void {
  if (parseObject(body)?.['success'] === true) return;
  fail('INSTALL_REFUSED', `the web assistant refused the .pat: ${describeError(body)}`);
}

/** The error of an answer in words: its code and name where it has them, otherwise what it says. */
export function describeError(body: string): string {
  const { code, name } = object(parseObject(body)?.['error']);
  if (code !== undefined) return `error code ${JSON.stringify(code)}${typeof name === 'string' ? ` (${name})` : ''}`;
  return body.trim() === '' ? 'an empty answer' : body.trim().slice(0, 500);
}

function parseState(answer: HttpAnswer): AssistantState | undefined {
  const data = object(parseObject(answer.body)?.['data']);
  const { status, model } = object(data['dsinfo']);
  if (typeof status !== 'string') return undefined;
  return { hasDisk: data['has_disk'] === true, status, model: typeof model === 'string' ? model : undefined };
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isHtml({ contentType, body }: HttpAnswer): boolean {
  return contentType.includes('html') || /^\s*</.test(body);
}
