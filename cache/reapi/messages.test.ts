/**
 * The encoding that identities are made of: read back by hand, with field numbers of the published API and its order;
 * and by the code that is generated from the API's own definitions.
 */
import { fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '../../src/model/digest.ts';
import { digestOf } from '../cas.ts';
import type { Node } from '../tree.ts';
import {
  decodeDirectory,
  decodeMadeOf,
  decodeResult,
  encodeAction,
  encodeCommand,
  encodeDirectory,
  encodeResult,
  type ResultData,
} from './messages.ts';
import {
  ActionResultSchema,
  ActionSchema,
  CommandSchema,
  DirectorySchema,
} from './gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { blobs, numbers, readFields, texts } from './wire.test-helper.ts';

const A = digestOf(Buffer.from('a'));
const B = digestOf(Buffer.from('bb'));

/** Field numbers of build.bazel.remote.execution.v2. */
const DIGEST = { hash: 1, size: 2 };
const DIRECTORY = { files: 1, directories: 2, symlinks: 3 };
const FILE = { name: 1, digest: 2, executable: 4 };
const COMMAND = { arguments: 1, environment: 2, outputFiles: 3, outputDirectories: 4, platform: 5, outputPaths: 7 };
const ACTION = { command: 1, inputRoot: 2, timeout: 6, salt: 9, platform: 10 };

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((text) => text.isWellFormed());
const node: fc.Arbitrary<Node> = fc.oneof(
  fc.boolean().map((executable): Node => ({ type: 'file', digest: A, executable })),
  fc.constant<Node>({ type: 'directory', digest: B }),
  name.map((target): Node => ({ type: 'symlink', target })),
);

const digests = fc
  .tuple(fc.stringMatching(/^[0-9a-f]{64}$/), fc.oneof(fc.nat(300), fc.maxSafeNat()))
  .map(([hash, size]) => digest(hash, size));
const nodes: fc.Arbitrary<Node> = fc.oneof(
  fc.record({ type: fc.constant('file' as const), digest: digests, executable: fc.boolean() }),
  fc.record({ type: fc.constant('directory' as const), digest: digests }),
  fc.record({ type: fc.constant('symlink' as const), target: fc.oneof(name, fc.constant('t'.repeat(20_000))) }),
);
const mapOf = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(name, value).map((record): ReadonlyMap<string, T> => new Map(Object.entries(record)));
const ms = fc.oneof(fc.nat(2000), fc.integer({ min: 0, max: 4e12 }));
const results = fc.record<ResultData>({
  outputs: mapOf(nodes.filter(({ type }) => type !== 'symlink')),
  log: fc.option(digests, { nil: undefined }),
  startedAt: ms,
  durationMs: fc.nat(),
  worker: name,
});

/** Every field is one that the API knows, and the generated code writes the same bytes. */
function expectCanonical(schema: DescMessage, bytes: Uint8Array): void {
  const message = fromBinary(schema, bytes);
  expect(message.$unknown).toBeUndefined();
  expect(Buffer.from(toBinary(schema, message))).toEqual(Buffer.from(bytes));
}

describe('the generated code of the API', () => {
  it('writes the same directories', () => {
    fc.assert(fc.property(mapOf(nodes), (entries) => expectCanonical(DirectorySchema, encodeDirectory(entries))));
  });

  it('writes the same commands', () => {
    const commands = fc.record({
      argv: fc.array(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed())),
      env: fc.dictionary(name, fc.string()),
      outputs: fc.array(fc.record({ path: name, shape: fc.constantFrom('file' as const, 'folder' as const) })),
      platform: fc.dictionary(name, fc.string()),
    });
    fc.assert(fc.property(commands, (command) => expectCanonical(CommandSchema, encodeCommand(command))));
  });

  it('writes the same actions, and reads the same digests', () => {
    const actions = fc.record({
      command: digests,
      inputRoot: digests,
      timeoutMs: ms,
      platform: fc.dictionary(name, fc.string()),
      salt: fc.string(),
    });
    fc.assert(fc.property(actions, (action) => expectCanonical(ActionSchema, encodeAction(action))));
  });

  it('writes the same results', () => {
    const madeOf = fc.dictionary(name, node).map((record) => new Map(Object.entries(record)));
    fc.assert(
      fc.property(results, madeOf, (result, nodes) => {
        const bytes = encodeResult(result, nodes);
        expectCanonical(ActionResultSchema, bytes);
        expect(new Map(decodeMadeOf(bytes))).toEqual(nodes);
      }),
    );
  });
});

describe('a Directory', () => {
  it('has files, directories and symlinks, each sorted by the bytes of its names', () => {
    // By UTF-16 code units the last two would change places.
    const names = ['Z', 'a', 'z', 'ä', '\uffff', '\u{1f600}'];
    for (const [type, field] of [
      ['file', DIRECTORY.files],
      ['directory', DIRECTORY.directories],
      ['symlink', DIRECTORY.symlinks],
    ] as const) {
      const of: Node =
        type === 'file'
          ? { type, digest: A, executable: false }
          : type === 'directory'
            ? { type, digest: A }
            : { type, target: 't' };
      const bytes = encodeDirectory(new Map(names.toReversed().map((one) => [one, of])));
      expect(blobs(bytes, field).map((entry) => texts(entry, 1)[0])).toEqual(names);
    }
  });

  it('says what a file is, and leaves out what is the default', () => {
    const bytes = encodeDirectory(
      new Map<string, Node>([
        ['plain', { type: 'file', digest: A, executable: false }],
        ['run', { type: 'file', digest: B, executable: true }],
      ]),
    );
    const [plain, run] = blobs(bytes, DIRECTORY.files);
    expect(readFields(plain!).map(([number]) => number)).toEqual([FILE.name, FILE.digest]);
    expect(numbers(run!, FILE.executable)).toEqual([1]);
    const [of] = blobs(run!, FILE.digest);
    expect(texts(of!, DIGEST.hash)).toEqual([B.hash]);
    expect(numbers(of!, DIGEST.size)).toEqual([2]);
  });

  it('that is empty has no bytes', () => expect(encodeDirectory(new Map())).toHaveLength(0));

  it('is read back as it was written, and has one encoding', () => {
    fc.assert(
      fc.property(fc.dictionary(name, node), (record) => {
        const entries = new Map(Object.entries(record));
        const bytes = encodeDirectory(entries);
        expect(new Map(decodeDirectory(bytes))).toEqual(entries);
        expect(encodeDirectory(new Map([...entries].toReversed()))).toEqual(bytes);
      }),
    );
  });
});

describe('a Command', () => {
  const bytes = encodeCommand({
    argv: ['/bin/b', 'a', 'a'],
    env: { B: '2', A: '1', a: '3' },
    outputs: [
      { path: 'out/z', shape: 'file' },
      { path: 'out/b', shape: 'folder' },
      { path: 'out/a', shape: 'file' },
    ],
    platform: { b: '2', a: '1' },
  });
  const pairs = (entries: Buffer[]): string[] =>
    entries.map((entry) => [...texts(entry, 1), ...texts(entry, 2)].join('='));

  it('keeps the order of arguments', () => expect(texts(bytes, COMMAND.arguments)).toEqual(['/bin/b', 'a', 'a']));

  it('sorts variables, outputs and properties', () => {
    expect(pairs(blobs(bytes, COMMAND.environment))).toEqual(['A=1', 'B=2', 'a=3']);
    expect(texts(bytes, COMMAND.outputPaths)).toEqual(['out/a', 'out/b', 'out/z']);
    expect(texts(bytes, COMMAND.outputFiles)).toEqual(['out/a', 'out/z']);
    expect(texts(bytes, COMMAND.outputDirectories)).toEqual(['out/b']);
    expect(pairs(blobs(blobs(bytes, COMMAND.platform)[0]!, 1))).toEqual(['a=1', 'b=2']);
  });
});

describe('an Action', () => {
  it('has command, root, timeout, platform and salt', () => {
    const bytes = encodeAction({ command: A, inputRoot: B, timeoutMs: 1500, platform: { x: 'y' }, salt: 's' });
    expect(texts(blobs(bytes, ACTION.command)[0]!, DIGEST.hash)).toEqual([A.hash]);
    expect(texts(blobs(bytes, ACTION.inputRoot)[0]!, DIGEST.hash)).toEqual([B.hash]);
    const [timeout] = blobs(bytes, ACTION.timeout);
    expect([numbers(timeout!, 1), numbers(timeout!, 2)]).toEqual([[1], [500_000_000]]);
    expect(texts(bytes, ACTION.salt)).toEqual(['s']);
    expect(blobs(bytes, ACTION.platform)).toHaveLength(1);
    expect(readFields(bytes)).toHaveLength(5);
  });
});

describe('an ActionResult', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(results, (data) => {
        const { outputs, ...rest } = decodeResult(encodeResult(data, new Map()));
        expect(new Map(outputs)).toEqual(data.outputs);
        expect(rest).toEqual({
          log: data.log,
          startedAt: data.startedAt,
          durationMs: data.durationMs,
          worker: data.worker,
        });
      }),
    );
  });

  const data: ResultData = {
    outputs: new Map<string, Node>([['out/a', { type: 'file', digest: digest('f'.repeat(64), 3), executable: true }]]),
    log: undefined,
    startedAt: 0,
    durationMs: 1,
    worker: '',
  };

  it('says what the action was made of', () => {
    const madeOf = new Map<string, Node>([
      ['.', { type: 'directory', digest: A }],
      ['in/a', { type: 'file', digest: B, executable: true }],
    ]);
    const bytes = encodeResult(data, madeOf);
    expect(new Map(decodeMadeOf(bytes))).toEqual(madeOf);
    expect(decodeResult(bytes).outputs).toEqual(data.outputs);
  });

  it('cut off anywhere is no other result', () => {
    const whole = encodeResult(data, new Map());
    for (let length = 1; length < whole.length; length++) {
      try {
        const { outputs } = decodeResult(whole.subarray(0, length));
        for (const output of outputs.values()) expect(output).toMatchObject({ digest: { hash: 'f'.repeat(64) } });
      } catch {
        // Unreadable: a miss.
      }
    }
  });
});
