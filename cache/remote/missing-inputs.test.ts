/** Servers name what they lack in many ways. */
import { expect, it } from 'vitest';
import { MessageWriter } from '../reapi/wire.ts';
import { missingInputs } from './missing-inputs.ts';

const [ONE, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];
const TYPE = 'type.googleapis.com/google.rpc.PreconditionFailure';

function failure(...violations: readonly (readonly [type: string, subject: string])[]) {
  const message = new MessageWriter();
  for (const [type, subject] of violations)
    message.message(1, (violation) => {
      violation.text(1, type);
      violation.text(2, subject);
    });
  return { $typeName: 'google.protobuf.Any' as const, typeUrl: TYPE, value: message.finish() };
}

it('finds the blobs that are missing, and no others', () => {
  const details = [
    failure(['MISSING', `blobs/${ONE}/12`], ['INVALID', `blobs/${OTHER}/3`]),
    failure(['MISSING', `instance/blobs/${OTHER}/0`], ['MISSING', 'blobs/none']),
  ];
  expect([...missingInputs({ details })]).toEqual([ONE, OTHER]);
});

it('takes no harm from what is no message', () => {
  const value = Buffer.from([0xff, 0xff, 0xff]);
  expect(missingInputs({ details: [{ ...failure(), value }] }).size).toBe(0);
  expect(missingInputs({ details: [{ ...failure(['MISSING', `blobs/${ONE}/1`]), typeUrl: 'other' }] }).size).toBe(0);
});
