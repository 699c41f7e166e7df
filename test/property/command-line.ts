/** Builds through the command line, in processes of their own, that can be killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildEvent } from '../../src/model/event.ts';
import type { Finished, Invocation } from '../../src/testing/invocation.ts';
import type { TestStore } from '../rig/index.ts';
import type { Builder, Done, Running } from './builder.ts';
import { readContent, type Content } from './model/content.ts';
import { expectations, type Expected } from './model/oracle.ts';
import type { Spec } from './model/spec.ts';
import type { Workspace } from './workspace.ts';

interface CommandLineOptions {
  readonly events?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export class CommandLine implements Builder {
  readonly #store: TestStore;
  readonly #events: boolean;
  readonly #env: NodeJS.ProcessEnv;
  /** What builds that were ended have left, for one that clears it away. */
  #waiting: ReadonlySet<string> = new Set();
  /** Builds that went on from the last one of the same request. */
  resumed = 0;

  /** With `events`, builds tell all that they do; the launcher settles none of them. `env` is added to their environment. */
  constructor(store: TestStore, { events = false, env = {} }: CommandLineOptions = {}) {
    this.#store = store;
    this.#events = events;
    this.#env = env;
  }

  start(workspace: Workspace, spec: Spec, asked: readonly number[], keepGoing: boolean): Running {
    const { project, root } = workspace;
    const expected = expectations(spec);
    const targets = asked.map((index) => expected[index]!);
    // Without a name that is new each time: a build that asks for the same again may be spared most of its work.
    const args = [
      ...['build', '--workspace', root, ...targets.map(({ name }) => `//${name}`)],
      ...(keepGoing ? ['--keep-going'] : []),
      ...(this.#events ? ['--events', '-'] : []),
    ];
    const invocation = project.start(args, { env: this.#env });
    let ended = false;
    const end = (way: number): void => {
      ended = true;
      this.#end(invocation, way);
    };
    const finished = invocation.finished.then((finished): Done => {
      const success = finished.exitCode === 0;
      // After a build that stopped, what lies there may be of an earlier one.
      const whole = success || (keepGoing && !ended);
      const built = whole ? targets.filter(({ content }) => content !== undefined) : [];
      return {
        success,
        // What a killed build has said is as good as not said: it may not have got as far as noting it.
        outcomes: finished.signal ? [] : this.#outcomes(finished),
        tellsCached: this.#events,
        contents: new Map(built.flatMap((target) => delivered(workspace, target))),
        said: finished.stderr,
      };
    });
    return { finished, end };
  }

  #outcomes({ stdout, stderr }: Finished): Done['outcomes'] {
    if (!this.#events) return told(stderr);
    // One that was ended early has said nothing.
    const events = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as BuildEvent);
    if (events.some((event) => event.type === 'phase-finished' && event.phase === 'resume')) this.resumed++;
    return events.flatMap((event) =>
      event.type === 'action-finished' ? [[event.label.slice(2), event.outcome] as const] : [],
    );
  }

  async leftovers(ended: boolean, succeeded: boolean): Promise<readonly string[]> {
    const processes = await this.#store.processesLeft();
    const files = ['incoming', 'sandboxes', 'present.v1'].flatMap((folder) => this.#store.names(folder));
    // The launcher, and a build that fails before it comes to the store, clear nothing away.
    const waited = this.#events && succeeded ? new Set<string>() : this.#waiting;
    this.#waiting = new Set(ended ? files : files.filter((file) => waited.has(file)));
    return ended ? processes : [...processes, ...files.filter((file) => !waited.has(file))];
  }

  /** Kills the builder, or all that its process group has, its helper, a sandbox; or ends it as Ctrl-C does. */
  #end(invocation: Invocation, way: number): void {
    const ways = [
      () => invocation.killBuilder(),
      () => invocation.interrupt('SIGKILL'),
      () => invocation.interrupt('SIGINT'),
      () => this.#kill('spawner-main', invocation.pid),
      () => this.#kill('/usr/bin/bwrap', invocation.pid),
    ];
    try {
      ways[way % ways.length]!();
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** One of a builder's own, by a part of its command line: other builds run beside it. */
  #kill(part: string, builder: number): void {
    const lines = this.#store.processes().filter((line) => line.includes(part));
    const pid = lines.map((line) => Number(line.split(' ')[0])).find((one) => descends(one, builder));
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
}

function descends(pid: number, from: number): boolean {
  if (pid === from) return true;
  const parent = parentOf(pid);
  return parent > 1 && descends(parent, from);
}

/** 0 for a process that is gone. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch {
    return 0;
  }
}

/** What lies in the folder of a target: a file under its name, and nothing else, is that file. */
function delivered({ root }: Workspace, { name, fileName, content }: Expected): (readonly [string, Content])[] {
  const found = readContent(join(root, 'dsmb-out', name));
  if (!found) return [];
  const alone =
    content?.type === 'file' && found.type === 'folder' && Object.keys(found.entries).join('/') === fileName;
  return [[name, alone ? found.entries[fileName]! : found]];
}

/** What a build without a terminal says of its actions. */
function told(stderr: string): Done['outcomes'] {
  return [
    ...[...stderr.matchAll(/^done {2}\/\/(\w+) /gm)].map(([, name]) => [name!, 'executed'] as const),
    ...[...stderr.matchAll(/^error \w+ \/\/(\w+) \(/gm)].map(([, name]) => [name!, 'failed'] as const),
  ];
}
