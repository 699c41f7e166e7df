/** A store for tests: empty, but for downloads that it shares with the user's own. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeRoot } from '../../cache/store.ts';

export class TestStore implements Disposable {
  readonly folder: string;

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-store-')));
  }

  /** What a builder's environment needs. Debian packages are downloaded once for all stores; all else starts empty. */
  get env(): NodeJS.ProcessEnv {
    const downloads = process.env['DSMB_DOWNLOADS'] ?? join(storeRoot(), 'debian');
    return { DSMB_STORE: this.folder, DSMB_DOWNLOADS: downloads };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
