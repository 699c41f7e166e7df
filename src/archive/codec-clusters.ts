/** Codecs of image formats that compress clusters of 64 KiB, each on its own: qcow2 and stream-optimised VMDK. */
import { promisify } from 'node:util';
import { deflate, deflateRaw } from 'node:zlib';
import { versionName, type Codec } from './segment.ts';

/** Bytes of a cluster (qcow2) or grain (VMDK): what QEMU and VMware use by default. */
export const CLUSTER_SIZE = 65_536;
/** QEMU unpacks qcow2 clusters with this window (qcow2 specification, "Compressed Clusters Descriptor"). */
const QCOW2_WINDOW_BITS = 12;

const rawDeflate = promisify(deflateRaw);
const zlib = promisify(deflate);

/** Raw deflate; a cluster that does not get smaller is kept as it is. One part a cluster; zero clusters have 0 bytes. */
export function qcow2Codec(level: number): Codec {
  return clusterCodec(`qcow2-${level}`, async (cluster) => {
    const packed = await rawDeflate(cluster, { level, windowBits: QCOW2_WINDOW_BITS });
    return packed.length < cluster.length ? packed : cluster;
  });
}

/** zlib streams. One part a grain; zero grains have 0 bytes. */
export function vmdkCodec(level: number): Codec {
  return clusterCodec(`vmdk-${level}`, (grain) => zlib(grain, { level }));
}

function clusterCodec(name: string, compress: (cluster: Uint8Array) => Promise<Uint8Array>): Codec {
  return {
    name: `${name}-zlib${versionName(process.versions['zlib'])}`,
    async encode(content) {
      const packed: Uint8Array[] = [];
      // One after the other: several blocks are in work at a time, and each compressor holds memory.
      for (const cluster of clustersOf(content))
        packed.push(isAllZero(cluster) ? new Uint8Array(0) : await compress(cluster));
      const parts = packed.map(({ length }) => length);
      return { rawLength: content.length, note: 0, parts, bytes: Buffer.concat(packed) };
    },
  };
}

/** Whole clusters: the last one is filled up with zeros. */
function clustersOf(content: Uint8Array): Uint8Array[] {
  const count = Math.ceil(content.length / CLUSTER_SIZE);
  return Array.from({ length: count }, (_, index) => {
    const cluster = content.subarray(index * CLUSTER_SIZE, (index + 1) * CLUSTER_SIZE);
    return cluster.length === CLUSTER_SIZE
      ? cluster
      : Buffer.concat([cluster, Buffer.alloc(CLUSTER_SIZE - cluster.length)]);
  });
}

const ZEROS = Buffer.alloc(CLUSTER_SIZE);

function isAllZero(cluster: Uint8Array): boolean {
  return Buffer.compare(cluster, ZEROS) === 0;
}
