/** What the sectors of a FAT file system are used for. */
import type { OnDamage } from '../folders.ts';
import type { ByteSource } from '../source.ts';
import type { Use } from '../use.ts';
import { ClusterChains } from './chain.ts';
import { openFat } from './reader.ts';
import { damagedFat, readGeometry } from './volume.ts';

/**
 * The uses of a file system; damage of one file hides no other. Offsets count from its start. Undefined for each file
 * that has no clusters.
 */
export function* fatUses(source: ByteSource, damaged: OnDamage): Generator<Use | undefined> {
  const geometry = readGeometry(source);
  const { tableOffset, rootOffset, rootSize, rootCluster, dataOffset, clusterSize } = geometry;
  const chains = new ClusterChains(source, geometry);
  /** No cluster belongs to two files: chains that share some are hostile. */
  let left = geometry.clusterCount;

  function* chain(first: number, kind: Use['kind'], path: string): Generator<Use> {
    let offset = 0;
    for (const cluster of chains.clusters(first, `/${path}`)) {
      if (--left < 0) damagedFat('its files have more clusters than it has');
      const start = dataOffset + (cluster - 2) * clusterSize;
      yield { start, end: start + clusterSize, kind, name: path, offset };
      offset += clusterSize;
    }
  }

  yield { start: 0, end: tableOffset, kind: 'metadata', name: 'boot sector of the file system' };
  yield { start: tableOffset, end: rootOffset, kind: 'metadata', name: 'FAT' };
  if (rootSize > 0) yield { start: rootOffset, end: rootOffset + rootSize, kind: 'folder', name: '' };
  else yield* chain(rootCluster, 'folder', '');
  for (const { path, directory, cluster } of openFat(source).walk('/', damaged)) {
    if (cluster === 0) {
      yield undefined;
      continue;
    }
    try {
      yield* chain(cluster, directory ? 'folder' : 'file', path);
    } catch (error) {
      damaged(path, error);
      if (left < 0) return;
    }
  }
}
