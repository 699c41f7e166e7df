/**
 * What a step says to the engine while it runs. It is written by a program that nobody vouches for: of a record only what
 * is listed here is taken, in the shape and the size that it may have.
 */
import type { ForeignCode } from '../../model/codes.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';

export type StepRecord =
  /** It waits to be told what to do. */
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly stage: string; readonly percent?: number }
  /** A machine of its own shows something. */
  | {
      readonly type: 'machine';
      /** From 1. */
      readonly machine: number;
      /** A PNG in base64. */
      readonly picture?: string;
      /** What its console has said since. */
      readonly console?: string;
    }
  | {
      readonly type: 'diagnostic';
      /** Never with a place: the engine alone says which file it is about. */
      readonly diagnostic: Pick<Diagnostic, 'code' | 'message' | 'detail' | 'hint'>;
      /** Of what it did not mean to throw, in terms of its bundle. */
      readonly stack?: string;
    };

/** The most characters of a text that are taken. */
const MOST = {
  code: 64,
  stage: 200,
  console: 16_384,
  message: 8192,
  hint: 2048,
  detail: 65_536,
  stack: 65_536,
} as const;
const MOST_MACHINES = 99;
const MOST_PICTURE_CHARACTERS = 200_000;
const MOST_PIXELS_A_SIDE = 4096;
const PNG_HEAD = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** Mean something to the engine that a step cannot know: that the store has lost something, that a run is to be repeated. */
const ENGINE_CODES: ReadonlySet<string> = new Set(['BLOB_MISSING', 'MACHINE_FAULT']);

type Fields = Readonly<Record<string, unknown>>;

/** A record of a step; undefined for what is none. */
export function parseRecord(text: string): StepRecord | undefined {
  const record = fieldsOf(parsed(text));
  if (record['type'] === 'ready') return { type: 'ready' };
  if (record['type'] === 'progress') return progressOf(record);
  if (record['type'] === 'machine') return machineOf(record);
  return record['type'] === 'diagnostic' ? diagnosticOf(record) : undefined;
}

function progressOf({ stage, percent }: Fields): StepRecord | undefined {
  if (typeof stage !== 'string') return undefined;
  if (percent === undefined) return { type: 'progress', ...textsOf({ stage }) };
  if (typeof percent !== 'number' || !Number.isFinite(percent)) return undefined;
  return { type: 'progress', ...textsOf({ stage }), percent: Math.min(100, Math.max(0, percent)) };
}

/** A picture is for a browser to decode: what is not plainly a PNG of a screen's size is none. */
function machineOf({ machine, picture, console }: Fields): StepRecord | undefined {
  if (!Number.isInteger(machine) || Number(machine) < 1 || Number(machine) > MOST_MACHINES) return undefined;
  if (picture !== undefined && !(typeof picture === 'string' && isScreen(picture))) return undefined;
  const shown = { ...(picture === undefined ? {} : { picture }), ...textsOf(ifText({ console })) };
  return Object.keys(shown).length === 0 ? undefined : { type: 'machine', machine: Number(machine), ...shown };
}

/** Magic number and first chunk of a PNG: length, `IHDR`, width, height. */
function isScreen(base64: string): boolean {
  if (base64.length > MOST_PICTURE_CHARACTERS || base64.length % 4 !== 0) return false;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false;
  const head = Buffer.from(base64.slice(0, 32), 'base64');
  const isPng = head.subarray(0, 16).equals(PNG_HEAD);
  const sides = isPng && head.length === 24 ? [head.readUInt32BE(16), head.readUInt32BE(20)] : [0];
  return sides.every((side) => side > 0 && side <= MOST_PIXELS_A_SIDE);
}

function diagnosticOf({ diagnostic, stack }: Fields): StepRecord | undefined {
  const { code, message, detail, hint } = fieldsOf(diagnostic);
  if (typeof code !== 'string' || !/^\w+$/.test(code) || typeof message !== 'string') return undefined;
  const texts = { message, ...ifText({ detail }), ...ifText({ hint }) };
  const said = textsOf({ code: ENGINE_CODES.has(code) ? 'STEP_FAILED' : code, ...texts });
  return { type: 'diagnostic', diagnostic: { ...said, code: said.code as ForeignCode }, ...textsOf(ifText({ stack })) };
}

/** Fields that are not texts are left out. */
function ifText<Name extends string>(fields: Readonly<Record<Name, unknown>>): { readonly [name in Name]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string')) as object;
}

function textsOf<Texts extends { readonly [name in keyof typeof MOST]?: string }>(texts: Texts): Texts {
  const cut = Object.entries(texts).map(([name, text]) => [name, text.slice(0, MOST[name as keyof typeof MOST])]);
  return Object.fromEntries(cut) as Texts;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
