/** What running actions needs of this machine, found once per build and only when something runs. */
import type { Store } from '../../cache/store.ts';
import { fail } from '../model/diagnostic.ts';
import { needsVm } from '../model/rule.ts';
import type { PlannedAction } from '../plan/key.ts';
import { kvmWorks } from './sandbox/accelerator.ts';
import type { HeadStarts } from './process/head-starts.ts';
import { readLog } from './process/log-file.ts';
import { isLost } from './lost.ts';
import { passingFault, TRIES } from './failure/machine-fault.ts';
import { MemoUsers } from './action/memo-users.ts';
import { failWithoutNamespaces } from './sandbox/namespaces.ts';
import { NAMESPACES } from './sandbox/sandbox.ts';
import type { Sandboxes } from './sandbox/sandboxes.ts';
import { HELPER_LOST, type Exit, type Spawner } from './process/spawner.ts';
import { bubblewrapOf, Starts, type FirstStep } from './process/starts.ts';
import { machineIdentity } from './sandbox/unsandboxed.ts';
import type { Toolroots } from './toolchains/toolroots.ts';

const PROBE_TIMEOUT_MS = 30_000;
const SYNC_TIMEOUT_MS = 300_000;

export class Machine implements Disposable {
  readonly spawner: Spawner;
  readonly sandboxes: Sandboxes;
  readonly headStarts: HeadStarts;
  readonly memoUsers: MemoUsers;
  readonly #starts: Starts;
  readonly #store: Store;
  readonly #toolroots: Toolroots;
  #bubblewrap: Promise<readonly string[]> | undefined;
  #tools: FirstStep['tools'] | undefined;
  #kvm: Promise<boolean> | undefined;

  /** Actions run on the machine itself: its name in their keys. */
  readonly unsandboxed: string | undefined;

  /** `starts` ends with it. */
  constructor(store: Store, toolroots: Toolroots, { unsandboxed = false, starts = new Starts(store) } = {}) {
    this.#starts = starts;
    this.unsandboxed = unsandboxed ? machineIdentity() : undefined;
    this.#store = store;
    this.#toolroots = toolroots;
    this.spawner = starts.spawner;
    this.sandboxes = starts.sandboxes;
    this.headStarts = starts.headStarts;
    this.memoUsers = new MemoUsers(store);
  }

  /** What the first step waited in that had a head start. */
  get firstStep(): FirstStep | undefined {
    const { first } = this.headStarts;
    return first && this.#tools && { ...first, tools: this.#tools };
  }

  /** The start of a bubblewrap command line: the program from its toolchain, with its own libraries. */
  bubblewrap(): Promise<readonly string[]> {
    return (this.#bubblewrap ??= this.#findBubblewrap().catch((error: unknown) => this.#forget(error)));
  }

  /** The tree that bubblewrap runs from, all of it in the store. */
  async sandboxTree(): Promise<FirstStep['tools']> {
    await this.bubblewrap();
    return this.#tools!;
  }

  /** What the store has lost is there at the next attempt; whatever else is wrong stays so. */
  #forget(error: unknown): never {
    if (isLost(error)) this.#bubblewrap = undefined;
    throw error;
  }

  /** Whether the action may use KVM. Fails where it must and KVM does not work. */
  async kvm(action: PlannedAction): Promise<boolean> {
    const { label, mnemonic, needs } = action.node;
    if (!needsVm(needs) || this.unsandboxed) return false;
    const bubblewrap = await this.bubblewrap();
    const works = await (this.#kvm ??= kvmWorks(this.#store, this, bubblewrap, action));
    if (needs.kvm && !works)
      fail('NO_KVM', `${label} (${mnemonic}) needs KVM, and KVM runs no guests on this machine`, {
        hint: 'dsmb doctor',
      });
    return works;
  }

  /** Makes durable all that was written to the store's file system. */
  async syncStore(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const exit = await this.spawner.run(
        { argv: ['/usr/bin/sync', '--file-system', this.#store.root] },
        {
          logFile: '/dev/null',
          timeoutMs: SYNC_TIMEOUT_MS,
          // What has ended well is kept, also when the build is ended.
          signal: new AbortController().signal,
        },
      );
      if (exit.code === 0) return;
      // The end of the helper says nothing about the disk.
      if (exit.error !== HELPER_LOST || tries === TRIES)
        fail('SYNC_FAILED', 'the outputs could not be made durable', { hint: 'check the disk' });
    }
  }

  /**
   * After an action has failed: fails where it was the sandbox, because the machine lets the user make no namespaces, or
   * because bubblewrap itself cannot run. Who never has this problem never waits for the answer.
   */
  async requireNamespaces(exit: Exit, log: string): Promise<void> {
    if (this.unsandboxed || (exit.error === undefined && !log.startsWith('bwrap: '))) return;
    const bubblewrap = await this.bubblewrap();
    using sandbox = this.sandboxes.layOut({ inputs: new Map(), files: new Map() });
    const argv = [...bubblewrap, ...NAMESPACES, '--ro-bind', '/', '/', '--', '/bin/true'];
    const tried = await this.spawner.run(
      { argv },
      {
        logFile: sandbox.log,
        timeoutMs: PROBE_TIMEOUT_MS,
        signal: new AbortController().signal,
      },
    );
    const said = readLog(sandbox.log).trim();
    if (tried.code === 0 || passingFault(tried, said, undefined)) return;
    if (tried.error !== undefined || !said.startsWith('bwrap: '))
      fail('SANDBOX_BROKEN', 'bubblewrap, which makes the sandboxes of actions, does not run', {
        detail: tried.error ?? (said || `it exited with ${tried.code}`),
        hint: '`dsmb fsck --repair` removes what is damaged in the store; `dsmb lock` takes another version of bubblewrap',
      });
    failWithoutNamespaces(said);
  }

  /** The toolchain that has a path, of those that are there: for messages. */
  toolchainWith(path: string): readonly string[] | undefined {
    return this.#toolroots.toolchainWith(path);
  }

  [Symbol.dispose](): void {
    this.#starts[Symbol.dispose]();
  }

  async #findBubblewrap(): Promise<readonly string[]> {
    const tools = await this.#toolroots.sandboxTree();
    this.#tools = tools;
    return bubblewrapOf(this.#store, tools);
  }
}
