/** Names of requests: one for the same question, others for others. */
import { expect, it, vi } from 'vitest';
import { REQUEST } from './made.test-helper.ts';
import { familyName, requestName, type Request } from './request.ts';

it('is the same for the same request', () => {
  expect(requestName({ ...REQUEST })).toBe(requestName(REQUEST));
  expect(requestName(REQUEST)).toMatch(/^[0-9a-f]{32}$/);
});

it('is not touched by how a build begins, or what reads it', () => {
  expect(requestName({ ...REQUEST, anew: '--check', launcher: '/store/text' })).toBe(requestName(REQUEST));
});

it('is of one family whatever the values of parameters', () => {
  const other = { ...REQUEST, settings: ['mac=1'] };
  expect(requestName(other)).not.toBe(requestName(REQUEST));
  expect(familyName(other)).toBe(familyName(REQUEST));
  expect(familyName(REQUEST)).not.toBe(requestName(REQUEST));
});

it.each<Partial<Request>>([
  { folder: '/other' },
  { workspace: '.' },
  { operands: ['//all', '//more'] },
  { skipValidations: true },
  { unsandboxed: true },
  { remoteCache: ['grpc://host:1', undefined] },
  { remoteCache: [undefined, 'grpc://host:1'] },
  { nodeOptions: '--no-warnings' },
])('is another family with %o', (change) => {
  const other = { ...REQUEST, ...change };
  expect(requestName(other)).not.toBe(requestName(REQUEST));
  expect(familyName(other)).not.toBe(familyName(REQUEST));
});

it('is another one with other settings of the user', () => {
  const name = requestName(REQUEST);
  vi.stubEnv('XDG_CONFIG_HOME', '/elsewhere');
  expect(requestName(REQUEST)).not.toBe(name);
  vi.unstubAllEnvs();
});
