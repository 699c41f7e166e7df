/** A remote cache keeps to what the local action cache keeps to. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { digestOf, EMPTY } from '../../cache/cas.ts';
import { encodeAction, encodeCommand } from '../../cache/reapi/messages.ts';
import { parseAddress } from '../../cache/remote/address.ts';
import { Connection } from '../../cache/remote/connection.ts';
import { RemoteCache, type RemoteAction } from '../../cache/remote/remote-cache.ts';
import { Store } from '../../cache/store.ts';
import { EMPTY_DIRECTORY } from '../../cache/tree.ts';
import { isLost } from '../../src/execute/lost.ts';
import { BazelRemote, whyNoServer } from '../rig/bazel-remote.ts';
import { describeResults, OUTPUTS, type NamedAction } from './results.ts';

const skipped = await whyNoServer();
if (skipped) console.warn(`skipped: ${skipped}`);

describe.skipIf(skipped)('a remote cache', () => {
  let server: BazelRemote;
  let folder: string;
  let stores = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dsmb-results-'));
    server = await BazelRemote.start();
  });
  afterAll(() => {
    server?.[Symbol.dispose]();
    if (folder) rmSync(folder, { recursive: true });
  });

  const newStore = (): Store => new Store(join(folder, `store-${stores++}`));
  const open = (store: Store): RemoteCache => {
    const connection = new Connection(parseAddress(server.address, 'here'));
    const { signal } = new AbortController();
    const places = { reads: connection, writes: connection };
    return new RemoteCache(store, { ...places, timeoutMs: 20_000, signal, warn: () => {} });
  };
  const sync = (): Promise<void> => Promise.resolve();

  describeResults(() => {
    const store = newStore();
    return Promise.resolve({
      store,
      actionOf,
      put: async (action, result) => {
        using remote = open(store);
        remote.offer(remoteAction(action), result);
        await remote.finish(sync);
      },
      get: async (action) => {
        const other = newStore();
        using remote = open(other);
        const result = await remote.result(remoteAction(action));
        if (!result) return undefined;
        try {
          await remote.bring(result.outputs.values());
        } catch (error) {
          if (isLost(error)) return undefined;
          throw error;
        }
        await remote.finish(sync);
        // It is in the action cache of the other machine now.
        const kept = other.actions.get(action.key);
        return kept && { store: other, result: kept };
      },
      lose: async ({ hash }) => {
        const blobs = join(server.folder, 'cache/cas.v2', hash.slice(0, 2));
        await server.stop();
        for (const name of readdirSync(blobs)) if (name.startsWith(hash)) rmSync(join(blobs, name));
        await server.start();
      },
    });
  });
});

function remoteAction({ name }: NamedAction): RemoteAction {
  const command = encodeCommand({ argv: [name], env: {}, outputs: OUTPUTS, platform: {} });
  const about = { command: digestOf(command), inputRoot: EMPTY, timeoutMs: 0, platform: {}, salt: '' };
  const action = encodeAction(about);
  return {
    key: digestOf(action),
    messages: [command, action],
    command: { outputs: OUTPUTS },
    inputRoot: EMPTY_DIRECTORY,
    madeOf: () => new Map(),
  };
}

function actionOf(name: string): NamedAction {
  const { key } = remoteAction({ name, key: EMPTY });
  return { name, key };
}
