/** What every command that runs actions works with: the store in use, packages, toolchains, the machine. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { Build, type BuildOptions } from '../execute/build.ts';
import { publishLeft } from '../execute/action/commits.ts';
import { Machine } from '../execute/machine.ts';
import { preflight } from '../execute/sandbox/preflight.ts';
import { Elsewhere, type Explaining } from '../execute/elsewhere.ts';
import { PackageTrees } from '../execute/toolchains/package-trees.ts';
import type { Starts } from '../execute/process/starts.ts';
import { Toolroots } from '../execute/toolchains/toolroots.ts';
import type { Listener, PackageStage } from '../model/event.ts';
import type { RemoteCache } from '../../cache/remote/remote-cache.ts';
import type { Call } from './command.ts';
import { openRemote, remoteSettings } from './remote.ts';

interface Setting {
  readonly store: Store;
  /** Of the workspace. */
  readonly root: string;
  readonly onEvent: Listener;
  readonly signal: AbortSignal;
  /** Where something has been started early. */
  readonly starts?: Starts;
  /** Where explanations are wanted. */
  readonly explaining?: Explaining;
}

export class Workshop implements Disposable {
  readonly packages: PackageTrees;
  readonly machine: Machine;
  readonly elsewhere: Elsewhere;
  readonly #setting: Setting;
  readonly #remoteJobs: number;
  readonly #toolroots: Toolroots;
  readonly #use: Disposable;
  readonly #remote: RemoteCache | undefined;

  private constructor(call: Call, setting: Setting, remote: RemoteCache | undefined) {
    const { store, starts, explaining } = setting;
    this.#setting = setting;
    this.#use = store.use();
    this.#remote = remote;
    const { jobs, platform } = remoteSettings(setting.root, call);
    this.#remoteJobs = jobs;
    this.elsewhere = new Elsewhere(store, remote, { explaining, platform });
    this.packages = packageTrees(call, setting, this.elsewhere);
    this.#toolroots = new Toolroots(store, this.packages);
    this.machine = new Machine(store, this.#toolroots, {
      unsandboxed: call.flag('unsandboxed'),
      ...(starts ? { starts } : {}),
    });
  }

  /** Takes over what killed builders had finished, and removes what else they have left. */
  static async open(call: Call, setting: Setting): Promise<Workshop> {
    const workshop = new Workshop(call, setting, await openRemote(call, setting));
    await publishLeft(setting.store, () => workshop.machine.syncStore());
    await setting.store.sweep();
    return workshop;
  }

  build(options: Omit<BuildOptions, 'signal' | 'onEvent'> & Partial<Pick<BuildOptions, 'onEvent'>>): Build {
    const { store, signal, onEvent } = this.#setting;
    const { elsewhere } = this;
    return new Build(store, this.#toolroots, this.machine, {
      ...{ signal, onEvent, elsewhere, remoteJobs: this.#remoteJobs },
      ...options,
    });
  }

  /** Waits until the remote cache has what the build has for it, and tells what both have given each other. */
  async finishSharing(): Promise<void> {
    const { signal, onEvent } = this.#setting;
    if (!this.#remote || signal.aborted) return;
    await this.elsewhere.finish();
    const { unsent: results } = this.#remote;
    if (results > 0) onEvent({ type: 'remote-sending', results });
    const use = await this.#remote.finish(() => this.machine.syncStore());
    onEvent({ type: 'remote-used', ...use });
  }

  [Symbol.dispose](): void {
    this.#remote?.[Symbol.dispose]();
    this.machine[Symbol.dispose]();
    this.#use[Symbol.dispose]();
  }
}

/** The Debian packages of a build, as its options want them. */
function packageTrees(call: Call, setting: Setting, elsewhere: Elsewhere): PackageTrees {
  const { store, root, onEvent, signal } = setting;
  const context = {
    lockFile: join(root, 'toolchain.lock.json'),
    frozen: call.flag('frozen'),
    warn: (message: string) => onEvent({ type: 'warning', message }),
    signal,
    beforeFetching: (bytes: number) => preflight(store, bytes, call.flag('unsandboxed')),
  };
  const onProgress = (set: string, now: PackageStage): void => onEvent({ type: 'package-progress', set, ...now });
  return new PackageTrees(store, context, onProgress, elsewhere);
}
