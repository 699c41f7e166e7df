/** What workers without a sandbox run in the place of an action. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fromBinary } from '@bufbuild/protobuf';
import {
  ActionSchema,
  CommandSchema,
} from '../../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { Store } from '../../../cache/store.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { File } from '../../model/kinds.ts';
import type { Label } from '../../model/label.ts';
import { textNode } from '../../plan/content.ts';
import { planAction } from '../../plan/key.ts';
import { wrappedAction } from './wrapped-action.ts';

const store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-wrapped-')));
afterAll(() => rmSync(store.root, { recursive: true }));

const PLATFORM = { Pool: 'large', OSFamily: 'linux' };

function plan(text: string) {
  const node = {
    label: '//a' as Label,
    work: { type: 'run', argv: ['/bin/sh', '-c', text], env: { A: 'b c' } },
    inputs: new Map(),
    toolchains: [],
    outputs: { out: { name: 'out', kind: File } },
    timeoutMs: 61_000,
  } as unknown as ActionNode;
  return planAction(store, node, { inputs: new Map([['text', textNode(store, text)]]), toolchains: [] });
}

function wrap(text: string) {
  const launcher = store.trees.build([['usr/bin/bwrap', textNode(store, 'bubblewrap')]]);
  return wrappedAction(store, plan(text), { platform: PLATFORM, launcher });
}

it('has a key of its own, and the outputs, the time and the input root of the action', () => {
  const plain = plan('one');
  const { key, messages, inputRoot } = wrap('one');
  expect([key.hash === plain.key.hash, wrap('one').key, wrap('two').key.hash === key.hash]).toEqual([
    false,
    key,
    false,
  ]);
  const command = fromBinary(CommandSchema, messages[0]);
  expect(command).toMatchObject({ outputPaths: ['out/out'], environmentVariables: [] });
  expect(fromBinary(ActionSchema, messages[1])).toMatchObject({ timeout: { seconds: 61n } });
  const root = inputRoot.type === 'directory' ? store.trees.entries(inputRoot.digest) : new Map();
  expect(root.get('root')).toEqual(plain.inputRoot);
  expect(new Set(root.keys())).toEqual(new Set(['launch', 'memo', 'out', 'root', 'tmp']));
});

it('is for workers with the properties that were asked for, and no others', () => {
  const { messages } = wrap('one');
  const properties = fromBinary(ActionSchema, messages[1]).platform?.properties.map(({ name, value }) => [name, value]);
  expect(properties).toEqual([
    ['OSFamily', 'linux'],
    ['Pool', 'large'],
  ]);
});

it('starts bubblewrap with its own loader, by paths below the folder of the inputs, and then the command', () => {
  const { arguments: argv } = fromBinary(CommandSchema, wrap('one').messages[0]);
  const [command, ...own] = [argv.slice(0, argv.indexOf('--')), ...argv.slice(argv.indexOf('--') + 1)];
  expect(own).toEqual(['/bin/sh', '-c', 'one']);
  expect(command).toEqual([
    ...['launch/usr/lib64/ld-linux-x86-64.so.2', '--library-path', 'launch/usr/lib/x86_64-linux-gnu'],
    ...['launch/usr/bin/bwrap', '--unshare-all', '--unshare-user', '--disable-userns'],
    ...['--uid', '0', '--gid', '0', '--hostname', 'dsmb', '--die-with-parent', '--new-session'],
    ...[
      '--cap-drop',
      'ALL',
      '--clearenv',
      ...['A', 'HOME', 'LC_ALL', 'PATH', 'SOURCE_DATE_EPOCH', 'TMPDIR', 'TZ'].flatMap((name) => [
        '--setenv',
        name,
        expect.any(String) as string,
      ]),
    ],
    ...['--ro-bind', 'root', '/', '--proc', '/proc', '--dev', '/dev'],
    ...['--bind', 'out', '/out', '--bind', 'tmp', '/tmp', '--bind', 'memo', '/memo'],
    ...['--remount-ro', '/proc', '--chdir', '/tmp'],
  ]);
});
