/** What a call of the command line asks for, as plain data. */
import { expect, it } from 'vitest';
import { build } from './build.ts';
import { parseCall } from './command.ts';
import { requestOf } from './request.ts';

const request = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => requestOf(parseCall(build, args), env);

it('has what options and operands say, and nothing of the command line', () => {
  const asked = request([
    '//a',
    '--set',
    'mac=1',
    '--set',
    'x=2',
    '--skip-validations',
    '--remote-cache',
    'grpc://h:1',
  ]);
  expect(asked).toEqual({
    ...{ folder: process.cwd(), workspace: undefined, operands: ['//a'], settings: ['mac=1', 'x=2'] },
    ...{ skipValidations: true, unsandboxed: false, remoteCache: ['grpc://h:1', undefined], nodeOptions: undefined },
  });
  expect(structuredClone(asked)).toEqual(asked);
});

it.each<readonly [string | undefined, readonly string[], NodeJS.ProcessEnv]>([
  [undefined, [], {}],
  ['--check', ['--check'], {}],
  ['--check', ['--check=3'], {}],
  ['DSMB_SNAPSHOT=off', [], { DSMB_SNAPSHOT: 'off' }],
])('begins anew by %s', (anew, args, env) => {
  expect(request(['//a', ...args], env).anew).toBe(anew);
});

it('may be settled by the launcher, unless it asks for a report', () => {
  const env = { DSMB_SNAPSHOT: '/store/text' };
  expect(request(['//a', '--set', 'mac=1', '--keep-going'], env).launcher).toBe('/store/text');
  for (const report of [['--events', '-'], ['--quiet'], ['--profile', 'x'], ['--jobs', '2']])
    expect(request(['//a', ...report], env).launcher).toBeUndefined();
  expect(request(['//a'], { DSMB_SNAPSHOT: 'off' }).launcher).toBeUndefined();
});
