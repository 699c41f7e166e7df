/** Where a server is: `grpc://host:port/instance`, or `grpcs://` over TLS. */
import { fail } from '../../src/model/diagnostic.ts';

const PORTS = { 'grpc:': '80', 'grpcs:': '443' } as const;

export interface Address {
  /** As it was written, without a slash at its end. */
  readonly text: string;
  /** For HTTP/2: `http://host:port`. */
  readonly origin: string;
  readonly host: string;
  readonly secure: boolean;
  /** Caches of one server that know nothing of each other; empty for most. */
  readonly instance: string;
}

/** Reads an address. One that is none is a `BAD_SETTING` failure; `where` says where it was written. */
export function parseAddress(text: string, where: string): Address {
  const bad = (why: string): never =>
    fail('BAD_SETTING', `${where}: '${shown(text)}' ${why}`, {
      hint: 'write grpc://cache.example.com:9092, or grpcs:// for TLS',
    });
  if (!URL.canParse(text)) return bad('is no address of a server');
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(text);
  if (protocol !== 'grpc:' && protocol !== 'grpcs:') return bad('begins with neither grpc:// nor grpcs://');
  if (hostname === '') return bad('names no server');
  // Addresses are shown, logged and committed.
  if (username !== '' || password !== '') return bad('holds a password, which belongs into the settings of the user');
  if (search !== '' || hash !== '') return bad('has something behind its path');
  const secure = protocol === 'grpcs:';
  const host = `${hostname}:${port || PORTS[protocol]}`;
  const instance = pathname.replaceAll(/^\/+|\/+$/g, '');
  return { text: text.replace(/\/+$/, ''), origin: `${secure ? 'https' : 'http'}://${host}`, host, secure, instance };
}

function shown(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//…@');
}
