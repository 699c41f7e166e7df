/** A web server for the folder, until Ctrl-C. It knows no other file. */
import { createReadStream } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { fail, step, userArguments } from 'dsmb/step';
import { digestOf, filesOf, lineToPaste, SCRIPT } from './installer-folder.ts';

interface Spec {
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: 'installer';
  readonly outputs: never;
}

const DEFAULT_PORT = 8000;

export default step<Spec>(async ({ inputs: { installer } }) => {
  const files = filesOf(installer);
  const server = createServer(({ url = '/', method }, response) => {
    const path = url.replace(/^\/+/, '');
    const size = files.get(path);
    if (size === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
    if (method === 'HEAD') return void response.end();
    give(join(installer, path), response);
  });
  server.listen(portOf(userArguments()));
  await once(server, 'listening').catch((error: Error) =>
    fail('PUBLISH_FAILED', `the port cannot be served: ${error.message}`, { hint: 'dsmb run //served -- --port 8080' }),
  );
  const { port } = server.address() as AddressInfo;
  const digest = digestOf(installer, SCRIPT);
  process.stdout.write('serving until Ctrl-C. On the host, as root, with an address that it reaches:\n\n');
  for (const address of addresses()) process.stdout.write(`  ${lineToPaste(`http://${address}:${port}`, digest)}\n\n`);
  await once(server, 'close');
});

function give(file: string, response: ServerResponse): void {
  const content = createReadStream(file);
  // Who asked may go away in the middle.
  response.on('close', () => content.destroy());
  content.on('error', () => response.destroy()).pipe(response);
}

function portOf(args: readonly string[]): number {
  const port = Number(
    parseArgs({ args: [...args], options: { port: { type: 'string' } } }).values.port ?? DEFAULT_PORT,
  );
  return Number.isInteger(port) && port >= 0 && port < 65_536
    ? port
    : fail('PUBLISH_ARGUMENTS', '--port takes a number up to 65535', { hint: 'dsmb run //served -- --port 8080' });
}

/** Of this machine: its own first, loopback last. */
function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const usable = all.filter(({ family }) => family === 'IPv4');
  return usable.toSorted((a, b) => Number(a.internal) - Number(b.internal)).map(({ address }) => address);
}
