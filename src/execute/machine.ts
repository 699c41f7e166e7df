/** What running actions needs of this machine, found once per build and only when something runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { needsVm } from '../model/rule.ts';
import type { PlannedAction } from '../plan/key.ts';
import { kvmWorks } from './accelerator.ts';
import { layOut, sandboxArgv } from './sandbox.ts';
import { Spawner } from './spawner.ts';
import type { Toolroots } from './toolroots.ts';

const LOADER = 'lib64/ld-linux-x86-64.so.2';
const LIBRARIES = ['usr/lib/x86_64-linux-gnu'];
const PROBE_TIMEOUT_MS = 30_000;

export class Machine implements Disposable {
  readonly spawner = new Spawner();
  readonly #store: Store;
  readonly #toolroots: Toolroots;
  #bubblewrap: Promise<readonly string[]> | undefined;
  #kvm: Promise<boolean> | undefined;

  constructor(store: Store, toolroots: Toolroots) {
    this.#store = store;
    this.#toolroots = toolroots;
  }

  /** The start of a bubblewrap command line: the program from its toolchain, with its own libraries. */
  bubblewrap(action: PlannedAction): Promise<readonly string[]> {
    return (this.#bubblewrap ??= this.#findBubblewrap(action));
  }

  /** Whether the action may use KVM. Fails where it must and KVM does not work. */
  async kvm(action: PlannedAction): Promise<boolean> {
    const { label, mnemonic, needs } = action.node;
    if (!needsVm(needs)) return false;
    const bubblewrap = await this.bubblewrap(action);
    const works = await (this.#kvm ??= kvmWorks(this.#store, this.spawner, bubblewrap, action));
    if (needs.kvm && !works)
      fail('NO_KVM', `${label} (${mnemonic}) needs KVM, and KVM runs no guests on this machine`, {
        hint: 'dsmb doctor',
      });
    return works;
  }

  [Symbol.dispose](): void {
    this.spawner[Symbol.dispose]();
  }

  async #findBubblewrap(action: PlannedAction): Promise<readonly string[]> {
    const root = await this.#toolroots.sandboxRoot();
    const libraries = LIBRARIES.map((folder) => join(root, folder)).join(':');
    const argv = [join(root, LOADER), '--library-path', libraries, join(root, 'usr/bin/bwrap')];
    await this.#tryNamespaces(argv, action);
    return argv;
  }

  /** A machine may forbid namespaces to this user: better one clear error than one for each action. */
  async #tryNamespaces(bubblewrap: readonly string[], action: PlannedAction): Promise<void> {
    const sandbox = layOut(this.#store, action);
    try {
      const probe = { ...action, command: { ...action.command, argv: ['/usr/bin/true'] } };
      const argv = sandboxArgv(this.#store, bubblewrap, probe, sandbox, { kvm: false, memo: undefined });
      const { signal } = new AbortController();
      const exit = await this.spawner.run(argv, {
        logFile: sandbox.log,
        timeoutMs: PROBE_TIMEOUT_MS,
        signal,
        onRecord: () => {},
      });
      if (exit.code === 0) return;
      fail('NO_SANDBOX', 'this machine lets the user make no namespaces, so actions cannot be kept apart from it', {
        detail: exit.error ?? (readFileSync(sandbox.log, 'utf8').trim() || `bubblewrap exited with ${exit.code}`),
        hint: 'as root: sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0',
      });
    } finally {
      sandbox.remove();
    }
  }
}
