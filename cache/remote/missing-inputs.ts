/** The blobs that a server says it lacks to run an action. Format: google/rpc/error_details.proto, `PreconditionFailure`. */
import type { Status } from '../reapi/gen/google/rpc/status_pb.js';
import { MessageReader } from '../reapi/wire.ts';

const TYPE = /\/google\.rpc\.PreconditionFailure$/;
// Numbers of fields.
const FAILURE = { violations: 1 };
const VIOLATION = { type: 1, subject: 2 };

/** Their hashes, as far as the server names any. */
export function missingInputs({ details }: Pick<Status, 'details'>): ReadonlySet<string> {
  const found = new Set<string>();
  try {
    for (const { value } of details.filter(({ typeUrl }) => TYPE.test(typeUrl)))
      for (const violation of new MessageReader(value).messages(FAILURE.violations)) {
        const [, hash] = /\bblobs\/([0-9a-f]{64})\//.exec(violation.text(VIOLATION.subject)) ?? [];
        if (violation.text(VIOLATION.type) === 'MISSING' && hash !== undefined) found.add(hash);
      }
  } catch {
    // What is no message names nothing.
  }
  return found;
}
