/** Watches a host that becomes the NAS, until its own page answers. */
import { setTimeout as pause } from 'node:timers/promises';
import { fail } from 'dsmb/step';
import { installerPage, systemScreen } from './pages.ts';

/** Addresses of the pages. */
export interface Watched {
  readonly installer: string;
  readonly system: string;
}

export interface FollowOptions {
  /** The old system has a page of its own where that of the new one will be. */
  readonly answersAlready: boolean;
  /** How long no page may answer. */
  readonly patienceMs: number;
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 1000;
const HINT = "the console in the provider's panel shows the same lines; docs/cloud.md has what to do after a power cut";

/** Says what the installer's page says; ends when the installed system answers. */
export async function follow(watched: Watched, { answersAlready, patienceMs, say }: FollowOptions): Promise<void> {
  let lines: readonly string[] = [];
  let heard = Date.now();
  for (;;) {
    const page = await installerPage(watched.installer);
    if (page) {
      for (const line of page.lines.slice(page.lines.lastIndexOf(lines.at(-1) ?? '') + 1)) say(`  ${line}`);
      lines = page.lines;
      heard = Date.now();
      if (page.stage === 'stopped')
        fail('DEPLOY_STOPPED', 'the installer has stopped', { detail: page.lines.join('\n'), hint: HINT });
    } else if (lines.length > 0 || !answersAlready) {
      const screen = await systemScreen(watched.system);
      if (screen === 'system') return;
      if (screen === 'install')
        fail('DEPLOY_STOPPED', 'the disk was written, but the system takes itself for not installed', {
          hint: `${watched.system} shows why; has the image passed its verification (dsmb build //verifiedDisk)?`,
        });
    }
    if (Date.now() - heard > patienceMs) silent(watched, lines, patienceMs);
    await pause(LOOK_EVERY_MS);
  }
}

function silent({ installer, system }: Watched, lines: readonly string[], patienceMs: number): never {
  const minutes = Math.round(patienceMs / 6000) / 10;
  if (lines.length === 0)
    fail('DEPLOY_SILENT', `for ${minutes} minutes, neither ${installer} nor ${system} has answered`, {
      hint: `do the ports 80 and 5000 pass the provider's firewall for you? ${HINT}. If the old system is back, nothing was changed`,
    });
  fail('DEPLOY_SILENT', `the installer's page is gone, and ${system} has not answered for ${minutes} minutes`, {
    detail: lines.join('\n'),
    hint: HINT,
  });
}
