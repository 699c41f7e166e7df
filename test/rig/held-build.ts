/** A build that goes on until it is told to end, with logs that a page must not take for more than text. */
import { randomUUID } from 'node:crypto';
import type { Finished } from '../../src/testing/invocation.ts';
import { PageReader } from './page-reader.ts';
import type { Project } from './project.ts';

/** What a log of a stranger may have in it. */
export const MARKUP = '</script><img src=x onerror=alert(1)>';

/**
 * `//held` waits for a file. Only an action without a sandbox sees it, and only by words that dsmb does not take for the
 * action's own /tmp. `//wrong` fails, and `//above` with it.
 */
export function heldBuildFile(project: Project): string {
  return `import { shell } from './rules.ts';
    export const loud = shell({ script: "printf '${MARKUP}\\\\033[31mred\\\\033[2J\\\\n'; echo ${randomUUID()} >/out/file" });
    export const held = shell({
      script: 'while [ ! -e /.${project.path('go')} ]; do sleep 0.05; done; echo >/out/file',
      of: [loud],
    });
    export const wrong = shell({ script: "echo '${MARKUP}' >&2; exit 7", of: [loud] });
    export const above = shell({ script: 'true', of: [wrong] });
  `;
}

export interface HeldBuild {
  readonly page: PageReader;
  /** As it was told. */
  readonly address: string;
  /** Lets it go on, and waits for its end. */
  readonly end: () => Promise<Finished>;
}

/** Builds targets, `//held` among them, with a page. */
export async function startHeld(project: Project, ...targets: readonly string[]): Promise<HeldBuild> {
  const build = project.start(['build', '//held', ...targets, '--keep-going', '--unsandboxed', '--ui']);
  await build.untilSaid('\n');
  const page = PageReader.told(build.said);
  const end = (): Promise<Finished> => {
    project.write('go', '');
    return build.finished;
  };
  return { page, address: `http://127.0.0.1:${page.port}/#${page.token}`, end };
}
