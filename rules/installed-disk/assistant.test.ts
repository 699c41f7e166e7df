/** The client of the web assistant against a real server that answers as the assistant does. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure, type Diagnostic } from '../../src/model/diagnostic.ts';
import { describeError, installProgress, look, uploadPat } from './assistant.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assistant-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

interface Server extends AsyncDisposable {
  readonly port: number;
}

async function serve(listener: (...call: Parameters<RequestListener>) => unknown): Promise<Server> {
  const server = createServer((...call) => void listener(...call)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Answers each path with a fixed text. */
const pages = (texts: Readonly<Record<string, string>>): RequestListener => {
  return ({ url = '' }, response) => {
    const text = texts[url];
    response.writeHead(text === undefined ? 404 : 200).end(text ?? '<h1>not found</h1>');
  };
};

const STATE = '/webman/get_state.cgi';
const PROGRESS = '/webman/get_install_progress.cgi';
const state = (hasDisk: boolean, status: string): string =>
  JSON.stringify({ success: true, data: { has_disk: hasDisk, dsinfo: { model: 'DS3615xs', status } } });

describe('port 5000', () => {
  it('shows the install screen with its state', async () => {
    await using server = await serve(pages({ [STATE]: state(true, 'not_install'), '/': '<html>' }));
    expect(await look(server.port, never)).toEqual({
      screen: 'install',
      state: { hasDisk: true, status: 'not_install', model: 'DS3615xs' },
    });
  });

  it('shows the installed system', async () => {
    await using server = await serve(pages({ '/': '<!doctype html>' }));
    expect(await look(server.port, never)).toEqual({ screen: 'system' });
  });

  it.each<Record<string, string>>([{}, { [STATE]: '', '/': '<html>' }, { [STATE]: '{"success":true}', '/': '<html>' }])(
    'shows nothing that can be told apart: %o',
    async (texts) => {
      await using server = await serve(pages(texts));
      expect(await look(server.port, never)).toBeUndefined();
    },
  );

  it('is silent', async () => {
    const { port } = await serve(() => {}).then(async (server) => (await server[Symbol.asyncDispose](), server));
    expect(await look(port, never)).toBeUndefined();
    expect(await installProgress(port, never)).toEqual({ kind: 'silent' });
  });
});

describe('the progress', () => {
  it.each([
    ['{"success":true,"data":{"stage":"install","progress":"37"}}', { kind: 'working', stage: 'install', percent: 37 }],
    [
      '{"success":true,"data":{"stage":"Success","progress":""}}',
      { kind: 'working', stage: 'Success', percent: undefined },
    ],
    ['', { kind: 'silent' }],
    ['{"success":false,"error":{"code":13}}', { kind: 'error', body: '{"success":false,"error":{"code":13}}' }],
  ])('of %s', async (text, progress) => {
    await using server = await serve(pages({ [PROGRESS]: text }));
    expect(await installProgress(server.port, never)).toEqual(progress);
  });
});

describe('the upload', () => {
  const content = Buffer.alloc(300_000, 'pat');
  const upload = async (port: number, progress: (percent: number) => void = () => {}): Promise<void> => {
    const file = join(folder, 'test.pat');
    await writeFile(file, content);
    await uploadPat(port, { file, status: 'not_install', utcTime: 1514764800, progress }, never);
  };

  it('is one multipart field with an exact length', async () => {
    const seen: { request?: IncomingMessage; body?: Buffer } = {};
    await using server = await serve(async (request, response) => {
      seen.request = request;
      seen.body = await buffer(request);
      response.end('{"success":true}');
    });
    const percents: number[] = [];
    await upload(server.port, (percent) => percents.push(percent));

    const { url, headers } = seen.request ?? {};
    expect(url).toMatch(
      /^\/webman\/install\.cgi\?upload=true&status=not_install&localinstallreq=false&utctime=1514764800&_dc=\d+$/,
    );
    expect(headers?.['content-length']).toBe(String(seen.body?.length));
    expect(headers?.['transfer-encoding']).toBeUndefined();
    const boundary = `--${headers?.['content-type']?.split('boundary=')[1]}`;
    const [before, field, after] = (seen.body ?? Buffer.alloc(0)).toString('latin1').split(boundary);
    expect([before, after]).toEqual(['', '--\r\n']);
    expect(field).toMatch(/^\r\nContent-Disposition: form-data; name="filename"; filename="DSM.pat"\r\n/);
    expect(field?.split('\r\n\r\n')[1]).toBe(`${content.toString()}\r\n`);
    expect(percents.at(-1)).toBe(100);
  });

  it('says what the assistant says', async () => {
    await using server = await serve((request, response) => {
      request.resume().on('end', () => response.end('{"success":false,"error":{"code":21,"name":"error_model"}}'));
    });
    expect(await failureOf(upload(server.port))).toMatchObject({
      code: 'INSTALL_REFUSED',
      message: 'the web assistant refused the .pat: error code 21 (error_model)',
    });
  });

  it('says when it breaks off', async () => {
    await using server = await serve((request) => request.socket.destroy());
    expect((await failureOf(upload(server.port))).code).toBe('INSTALL_UPLOAD');
  });

  it('describes what has no code', () => {
    expect(describeError('')).toBe('an empty answer');
    expect(describeError('error_upload')).toBe('error_upload');
  });
});

async function failureOf(work: Promise<unknown>): Promise<Diagnostic> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (error instanceof Failure) return error.diagnostic;
  throw new Error(`expected a failure, got ${String(error)}`);
}
