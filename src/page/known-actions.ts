/** What a build has told of its actions so far, as its record will have it. */
import { actionId, type ActionIdentity, type BuildEvent } from '../model/event.ts';
import type { RecordedAction } from '../report/history/record.ts';
import type { KnownAction } from './details.ts';

export class KnownActions {
  readonly #known = new Map<string, KnownAction>();

  readonly listen = (event: BuildEvent): void => {
    switch (event.type) {
      case 'action-started':
        return this.#put(event, { key: event.key }, true);
      case 'taken-elsewhere': {
        const { from, worker, endedAt, log } = event;
        return this.#put(event, { taken: { from, worker, endedAt, ...(log ? { log } : {}) } }, false);
      }
      case 'known-elsewhere':
        return this.#put(event, { known: event.known }, false);
      case 'action-finished':
        return this.#finished(event);
      default:
    }
  };

  of(action: Pick<RecordedAction, 'label' | 'mnemonic' | 'ordinal'>): KnownAction | undefined {
    return this.#known.get(actionId(action));
  }

  #finished(event: BuildEvent & { type: 'action-finished' }): void {
    const { outcome, key = null, durationMs, log = null, forced, diagnostic } = event;
    const more = { outcome, key, durationMs, log, ...(forced ? { forced } : {}) };
    this.#put(event, diagnostic ? { ...more, error: diagnostic.message } : more, false);
    if (diagnostic) this.#known.set(actionId(event), { ...this.of(event)!, diagnostic });
  }

  #put({ label, mnemonic, ordinal }: ActionIdentity, more: Partial<RecordedAction>, running: boolean): void {
    const id = actionId({ label, mnemonic, ordinal });
    const nothing = { outcome: 'executed', key: null, durationMs: 0, log: null } as const;
    const action = { ...nothing, ...this.#known.get(id)?.action, ...more, label, mnemonic, ordinal };
    this.#known.set(id, { action, running });
  }
}
