/** Runs one step inside the sandbox: reads what it is given, calls it, turns a failure into a line the engine reads. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure, toDiagnostic } from '../model/diagnostic.ts';
import { assembledFile, digestLookup } from './hints.ts';
import type { Step, StepContext, StepSpec } from './index.ts';

/** The file that the engine writes beside the bundle. */
export interface StepRequest {
  readonly args: unknown;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** The folder of kept results, where it is not at its place in the sandbox. */
  readonly memo?: string;
}

/** Marks a line on standard error that is meant for the engine (RFC 7464, JSON text sequence). */
export const RECORD_MARK = '\x1e';

/** Of what is thrown deep in a library, the step's own frames come last. */
const STACK_FRAMES = 50;

/** Entry of every bundled step. `requestFile` is `/dsmb/step.json` in the sandbox. */
export async function runStep(step: Step<StepSpec>, requestFile = process.argv[2] ?? '/dsmb/step.json'): Promise<void> {
  Error.stackTraceLimit = STACK_FRAMES;
  try {
    const request = JSON.parse(readFileSync(requestFile, 'utf8')) as StepRequest;
    await step.run(context(request, dirname(requestFile)));
  } catch (error) {
    const stack = error instanceof Failure ? '' : stackOf(error);
    emit({ type: 'diagnostic', diagnostic: toDiagnostic(error), ...(stack ? { stack } : {}) });
    process.exitCode = 1;
  }
}

/** The frames alone, which the engine finds in the step's modules. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const lines = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line));
  return [...lines, stackOf(error.cause)].join('\n');
}

function context(request: StepRequest, folder: string): StepContext<StepSpec> {
  for (const path of Object.values(request.outputs)) mkdirSync(dirname(path), { recursive: true });
  return {
    args: request.args,
    inputs: request.inputs,
    allInputs: request.inputs,
    outputs: request.outputs,
    scratch: process.env['TMPDIR'] ?? '/tmp',
    digestOf: digestLookup(request.inputs, folder),
    assembled: (input) => assembledFile(input, folder),
    memo: request.memo ?? (existsSync('/memo') ? '/memo' : undefined),
    epoch: Number(process.env['SOURCE_DATE_EPOCH'] ?? 0),
    progress: (stage, percent) => emit({ type: 'progress', stage, ...(percent === undefined ? {} : { percent }) }),
    log: (line) => process.stderr.write(`${line}\n`),
  };
}

function emit(record: object): void {
  process.stderr.write(`${RECORD_MARK}${JSON.stringify(record)}\n`);
}
