/** What is on its way is not sent a second time. */
import type { Digest } from '../../src/model/digest.ts';

export class InFlight {
  readonly #underWay = new Map<string, Promise<void>>();

  /** Sends those that nobody else sends now, and waits for all. Fails where one was not sent. */
  async each(digests: readonly Digest[], send: (some: readonly Digest[]) => Promise<void>): Promise<void> {
    const others = digests.flatMap(({ hash }) => this.#underWay.get(hash) ?? []);
    const own = digests.filter(({ hash }) => !this.#underWay.has(hash));
    const sending = send(own).finally(() => {
      for (const { hash } of own) this.#underWay.delete(hash);
    });
    for (const { hash } of own) this.#underWay.set(hash, sending);
    await Promise.all([sending, ...new Set(others)]);
  }
}
