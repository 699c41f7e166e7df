/** An operation of a server is followed to its end, through cuts and silence, and never for ever. */
import { anyPack } from '@bufbuild/protobuf/wkt';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../cache/cas.ts';
import { parseAddress } from '../../cache/remote/address.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { Execution } from '../../cache/remote/execution.ts';
import {
  ExecuteOperationMetadataSchema,
  ExecuteResponseSchema,
  ExecutionStage_Value,
} from '../../cache/reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { OperationSchema, type Operation } from '../../cache/reapi/gen/google/longrunning/operations_pb.js';
import { failing, HostileCache, type Answers } from '../rig/hostile-cache.ts';

const KEY = digestOf(Buffer.from('an action'));
const NAME = 'operations/1';

const at = (stage: ExecutionStage_Value): Operation =>
  create(OperationSchema, {
    name: NAME,
    metadata: anyPack(ExecuteOperationMetadataSchema, create(ExecuteOperationMetadataSchema, { stage })),
  });
const done = (exitCode = 0): Operation =>
  create(OperationSchema, {
    name: NAME,
    done: true,
    result: {
      case: 'response',
      value: anyPack(ExecuteResponseSchema, create(ExecuteResponseSchema, { result: { exitCode } })),
    },
  });
const never = (): Promise<never> => new Promise(() => {});

async function* saying(...operations: (Operation | (() => unknown))[]): AsyncGenerator<Operation> {
  for (const one of operations)
    if (typeof one === 'function') await one();
    else yield one;
}

interface Request {
  readonly limitMs?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  /** Of the one action. */
  readonly wanted?: AbortSignal;
}

async function run(
  answers: Answers,
  { limitMs = 20_000, silenceMs = 5000, signal = new AbortController().signal, wanted = signal }: Request = {},
) {
  using server = await HostileCache.start(answers);
  using connection = new Connection(parseAddress(server.address, 'here'));
  const stages: string[] = [];
  const execution = new Execution(connection, { timeoutMs: silenceMs, signal });
  const onStage = (stage: string): void => void stages.push(stage);
  const request = { key: KEY, anew: false, limitMs, onStage, signal: wanted };
  try {
    const response = await execution.run(request);
    return { exitCode: response.result?.exitCode, status: response.status, stages, calls: server.calls };
  } catch (error) {
    return { error: error as Error, stages, calls: server.calls };
  }
}

const { QUEUED, EXECUTING } = ExecutionStage_Value;

describe('an operation', () => {
  it('tells how far it is, each stage once', async () => {
    const execute = () => saying(at(QUEUED), at(QUEUED), at(EXECUTING), at(QUEUED), done(7));
    expect(await run({ execution: { execute } })).toMatchObject({ exitCode: 7, stages: ['queued', 'running'] });
  });

  it('is followed on after each cut, and not begun again', async () => {
    let waits = 0;
    const cut = failing(Code.Unavailable);
    const { exitCode, calls } = await run({
      execution: {
        execute: () => saying(at(QUEUED), cut),
        waitExecution: ({ name }) =>
          name === NAME ? (++waits < 7 ? saying(at(EXECUTING), cut) : saying(done())) : saying(cut),
      },
    });
    expect([exitCode, calls.filter((name) => name === 'Execute')]).toEqual([0, ['Execute']]);
  });

  it('that is forgotten each time is given up', async () => {
    const { error, status, calls } = await run({
      execution: { execute: () => saying(at(QUEUED)), waitExecution: failing(Code.NotFound) },
    });
    expect([error, status?.message]).toEqual([
      undefined,
      expect.stringContaining('keeps losing what it is asked to run'),
    ]);
    expect(calls.filter((name) => name === 'Execute').length).toBeLessThan(6);
  });

  it('without a name is begun again when it is cut, some times', async () => {
    const nameless = create(OperationSchema, { name: '' });
    const cut = failing(Code.Unavailable);
    const { status, calls } = await run({ execution: { execute: () => saying(nameless, cut) } });
    expect([status?.message, calls.length]).toEqual([
      expect.stringContaining('keeps losing what it is asked to run'),
      4,
    ]);
  });

  it('of a server that is silent is followed: it answers other questions', async () => {
    const execute = () => saying(at(EXECUTING), () => sleep(1200), done());
    const { exitCode, calls } = await run({ execution: { execute } }, { silenceMs: 200 });
    expect([exitCode, calls.includes('GetCapabilities'), calls.includes('WaitExecution')]).toEqual([0, true, false]);
  });

  it('of a server that answers nothing any more is asked for again', async () => {
    const { exitCode, calls } = await run(
      {
        capabilities: { getCapabilities: never },
        execution: { execute: () => saying(at(EXECUTING), never), waitExecution: () => saying(done()) },
      },
      { silenceMs: 200 },
    );
    expect([exitCode, calls.at(-1)]).toEqual([0, 'WaitExecution']);
  });

  it('that gets no further is given up, and cancelled', async () => {
    const cancelled: string[] = [];
    const { error } = await run(
      {
        execution: { execute: () => saying(at(EXECUTING), never) },
        operations: { cancelOperation: ({ name }) => (cancelled.push(name), {}) },
      },
      { limitMs: 500 },
    );
    expect([error?.message, cancelled]).toEqual([expect.stringContaining('got no further for 0.5 s'), [NAME]]);
  });

  it.each(['signal', 'wanted'] as const)(
    'is cancelled when the build ends, or another action has failed: %s',
    async (which) => {
      const cancelled: string[] = [];
      const ending = new AbortController();
      const { error } = await run(
        {
          execution: { execute: () => saying(at(EXECUTING), () => sleep(200).then(() => ending.abort()), never) },
          operations: { cancelOperation: ({ name }) => (cancelled.push(name), {}) },
        },
        { [which]: ending.signal },
      );
      expect([error?.name, cancelled]).toEqual(['AbortError', [NAME]]);
    },
  );
});

describe('a server that', () => {
  it('ends with what nobody can read has answered, and is not believed', async () => {
    const { typeName } = ExecuteResponseSchema;
    const value = { typeUrl: `type.googleapis.com/${typeName}`, value: new Uint8Array([0xff]) };
    const garbage = create(OperationSchema, {
      name: NAME,
      done: true,
      result: { case: 'response', value: anyPack(ExecuteResponseSchema, create(ExecuteResponseSchema)) },
    });
    Object.assign(garbage.result.value!, value);
    const { status } = await run({ execution: { execute: () => saying(garbage) } });
    expect(status).toMatchObject({ code: Code.Internal, message: "the server's answer cannot be read" });
  });

  it.each([Code.Internal, Code.FailedPrecondition, Code.ResourceExhausted])(
    'answers with %s has answered',
    async (code) => {
      const { status, calls } = await run({ execution: { execute: failing(code) } });
      expect([status, calls]).toMatchObject([{ code, message: 'as the test wants it' }, ['Execute']]);
    },
  );

  it.each([Code.Unauthenticated, Code.PermissionDenied])('refuses with %s is not asked again', async (code) => {
    const { error, calls } = await run({ execution: { execute: failing(code) } });
    expect([error?.message, calls]).toEqual([expect.stringContaining('as the test wants it'), ['Execute']]);
  });

  it('says nothing and ends is asked some times', async () => {
    const { status, calls } = await run({ execution: { execute: () => saying() } });
    expect(status?.message).toContain('keeps losing what it is asked to run');
    expect(calls.length).toBeLessThan(8);
  });
});
