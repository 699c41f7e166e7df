/** From here to a running NAS: sends the installer to a host, starts it there, and watches what becomes of the host. */
import { fail, step, userArguments } from 'dsmb/step';
import { parseDeployment } from './deploy-words.ts';
import { follow, type Watched } from './follow.ts';
import { filesOf, FOR_PRESEED, NAMED_BY_DIGEST, SCRIPT } from './installer-folder.ts';
import { Host, quoted } from './ssh.ts';
import { systemScreen } from './pages.ts';

interface Spec {
  readonly args: Readonly<Record<string, never>>;
  readonly inputs: 'installer';
  readonly outputs: never;
}

/** In the home folder, where nobody else can put anything. */
const FOLDER = 'dsmb-deploy';
/** Of ssh: the connection is gone, as it is when the host restarts. */
const CONNECTION_LOST = 255;

export default step<Spec>(async ({ inputs: { installer }, scratch }) => {
  const { target, port, pages, patienceMs, words } = parseDeployment(userArguments());
  await using host = await Host.connect(scratch, target, port);
  const has = (word: string): boolean => words.includes(word);
  await send(host, installer, !has('--url'));
  const name = host.address.includes(':') ? `[${host.address}]` : host.address;
  const watched: Watched = {
    installer: `http://${name}${pages.installer === 80 ? '' : `:${pages.installer}`}/`,
    system: `http://${name}:${pages.system}/`,
  };
  // What answers there now is of the old system.
  const answersAlready = (await systemScreen(watched.system)) !== undefined;
  const code = await host.inTerminal(callOf(words));
  if (has('--undo')) await host.output(`rm -rf ${FOLDER}`);
  const ends = has('--dry-run') || has('--undo') || has('--help');
  if (ends || (code !== 0 && code !== CONNECTION_LOST)) return void (process.exitCode = code);
  say(`the host restarts; its page is ${watched.installer}`);
  await follow(watched, { answersAlready, patienceMs, say });
  say(`${watched.system} is up`);
});

/** install.sh there, as root. */
function callOf(words: readonly string[]): string {
  const carried = words.includes('--url') || words.includes('--folder') ? [] : ['--folder', '.'];
  const call = ['sh', `./${SCRIPT}`, ...carried, ...words].map(quoted).join(' ');
  return `cd ${FOLDER} || exit; if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then sudo ${call}; else ${call}; fi`;
}

/** Sends what is not there yet; a file of the right size under the name of its digest is there. */
async function send(host: Host, installer: string, carried: boolean): Promise<void> {
  const listing = await host.output(`mkdir -p ${FOLDER}/blocks && cd ${FOLDER} && find . -type f -exec wc -c {} +`);
  const there = new Map(
    listing.split('\n').flatMap((line) => {
      const [, size, path] = /^ *(\d+) \.\/(.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, Number(size)] as const];
    }),
  );
  const files = [...filesOf(installer)].filter(([path]) => (carried ? !FOR_PRESEED.test(path) : path === SCRIPT));
  const missing = files.filter(([path, size]) => !NAMED_BY_DIGEST.test(path) || there.get(path) !== size);
  const bytes = missing.reduce((sum, [, size]) => sum + size, 0);
  say(`sending ${missing.length} of ${files.length} files, ${bytes} bytes`);
  const sent = await host.unpack(
    installer,
    missing.map(([path]) => path),
    FOLDER,
  );
  if (!sent)
    fail('DEPLOY_FAILED', `the installer could not be sent to ${host.address}`, {
      hint: 'is there room in the home folder over there? With --url, only install.sh is sent',
    });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
