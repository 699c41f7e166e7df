/** The two pages of a host that becomes the NAS: that of the installer, and that of the installed system. */

/** What the page of the installer says. */
export interface InstallerPage {
  readonly stage: string;
  readonly lines: readonly string[];
}

const ANSWER_MS = 5000;
const TITLE = '<title>dsmb installs</title>';
const STATE = 'webman/get_state.cgi';

/** The installer's page; undefined where another one answers, or none. */
export async function installerPage(url: string): Promise<InstallerPage | undefined> {
  const body = await bodyOf(url);
  if (body === undefined || !body.includes(TITLE)) return undefined;
  const between = (tag: string): string => unescaped(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(body)?.[1] ?? '');
  return {
    stage: between('h1'),
    lines: between('pre')
      .split('\n')
      .filter((line) => line !== ''),
  };
}

/** What the page on port 5000 shows: the installed system, or that it wants to be installed; undefined without an answer. */
export async function systemScreen(url: string): Promise<'system' | 'install' | undefined> {
  const state = await bodyOf(url + STATE);
  if (state?.startsWith('{')) return 'install';
  const front = await bodyOf(url);
  return front !== undefined && /<html|<!doctype html/i.test(front) ? 'system' : undefined;
}

async function bodyOf(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return await answer.text();
  } catch {
    return undefined;
  }
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
