/**
 * Who may read the page. That it listens on loopback alone is not a boundary: every user of the machine gets there, and so
 * does every page that one of them has open in a browser.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Nothing but what this server gives is loaded, and nothing else is asked; no text of it can become markup or script. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** What a reader of the page must have, in letters that a URL leaves as they are. */
export function makeToken(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Whether a request names this server as one of its own pages would: another name is that of a page whose name leads
 * here (DNS rebinding), another origin is another page.
 */
export function isOwnPage({ host, origin }: IncomingHttpHeaders, port: number): boolean {
  // Browsers leave out the port that http has by default.
  const hosts = ['127.0.0.1', 'localhost'].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  if (host === undefined || !hosts.includes(host)) return false;
  return origin === undefined || origin === `http://${host}`;
}

/** Whether a request has the token, in a header that no other page can send. */
export function hasToken({ authorization = '', ...headers }: IncomingHttpHeaders, token: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
}

/** Of one length, whatever was sent. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
