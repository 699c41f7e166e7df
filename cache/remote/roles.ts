/** What servers are used as, by what they say about themselves. */
import {
  Compressor_Value,
  DigestFunction_Value,
  type CacheCapabilities,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { RemoteBlobs, type Limits } from './blobs.ts';
import { Execution } from './execution.ts';
import { NotOurs, type Role } from './server.ts';

/** The same, whatever servers say that they take. */
const MOST_BATCH_BYTES = 3 * 1024 * 1024;

/** It keeps blobs, and results of actions. */
export const CACHE: Role<RemoteBlobs> = {
  name: 'remote cache',
  open: (connection, patience, { cacheCapabilities }) => {
    if (!cacheCapabilities) throw new NotOurs('the server is no cache');
    if (!cacheCapabilities.digestFunctions.includes(DigestFunction_Value.SHA256))
      throw new NotOurs('the server does not know SHA-256');
    return new RemoteBlobs(connection, limitsOf(cacheCapabilities), patience);
  },
};

/** It has workers that run actions. */
export const EXECUTOR: Role<Execution> = {
  name: 'remote executor',
  open: (connection, patience, { executionCapabilities }) => {
    if (!executionCapabilities?.execEnabled) throw new NotOurs('the server runs no actions');
    const { digestFunction, digestFunctions } = executionCapabilities;
    // Of old servers the one field is set, of new ones both; with neither, it is SHA-256.
    const known = [digestFunction, ...digestFunctions].filter((one) => one !== DigestFunction_Value.UNKNOWN);
    if (known.length > 0 && !known.includes(DigestFunction_Value.SHA256))
      throw new NotOurs('the server does not run actions that are named by SHA-256');
    return new Execution(connection, patience);
  },
};

function limitsOf(said: CacheCapabilities): Limits {
  const most = Number(said.maxBatchTotalSizeBytes);
  return {
    // 0 says nothing.
    batchBytes: most > 0 ? Math.min(most, MOST_BATCH_BYTES) : MOST_BATCH_BYTES,
    zstd: said.supportedCompressors.includes(Compressor_Value.ZSTD),
    joins: said.spliceBlobSupport,
    zstdBatches: said.supportedBatchUpdateCompressors.includes(Compressor_Value.ZSTD),
  };
}
