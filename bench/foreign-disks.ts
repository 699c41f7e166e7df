/** Counts what is read of disks that others made: the test suites of util-linux, e2fsprogs and dosfstools. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { toDiagnostic } from '../src/model/diagnostic.ts';
import { Failure } from '../src/model/failure.ts';
import { contentByTools, contentByUs, difference, isClean } from './foreign-disks/content.ts';
import { byBlkid, byUs, textOf, type Identity, type Kind } from './foreign-disks/identity.ts';
import { images, titleOf } from './foreign-disks/images.ts';
import { table } from './timing.ts';

const HELP = `Usage: node bench/foreign-disks.ts [--verbose]

Fetches the source packages of util-linux, e2fsprogs and dosfstools from the mirrors of this machine (DSMB_MIRRORS for others),
and looks at each image of their tests: type, UUID and label beside blkid, and for file systems in which e2fsck or fsck.fat finds
nothing wrong the content beside debugfs or mcopy. Prints the counts, and what differs.

Needs blkid, bsdcat, debugfs, e2fsck, fsck.fat, mcopy and tar: those of the tests (\`npm test\` unpacks them), or of the machine.

  --verbose   also what is refused and what blkid knows nothing of, and why
`;

const { values } = parseArgs({
  options: { help: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
});
const CACHE = fileURLToPath(new URL('../node_modules/.cache', import.meta.url));

/** `crashed`: an error that is none of a code of its own. `no tool`: what is beside us could not be asked. */
const OUTCOMES = ['same', 'refused', 'differs', 'crashed', 'no tool'] as const;
type Outcome = (typeof OUTCOMES)[number];
type Count = Record<Outcome, number>;

const KINDS: readonly Kind[] = ['ext', 'FAT', 'md', 'GPT'];
const counts = (): Record<Kind, Count> =>
  Object.fromEntries(
    KINDS.map((kind) => [kind, Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Count]),
  ) as Record<Kind, Count>;

if (values.help) process.stdout.write(HELP);
else await compare();

async function compare(): Promise<void> {
  process.env['PATH'] = `${join(CACHE, 'dsmb-test/bin')}:${process.env['PATH']}:/usr/sbin:/sbin`;
  const folder = join(CACHE, 'dsmb-bench/foreign-disks');
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'foreign-disks-'));
  const [identities, contents] = [counts(), counts()];
  let [seen, tables, unknown] = [0, 0, 0];
  const only: string[] = [];
  try {
    for await (const image of images(folder)) {
      seen++;
      const note = (what: string, outcome: Outcome, text: string): void => {
        if (outcome !== 'same' && (outcome !== 'refused' || values.verbose))
          process.stdout.write(`${titleOf(image)}: ${what} ${outcome}: ${text}\n`);
      };
      const theirs = byBlkid(image.file);
      const [ours, crash] = attempt(() => byUs(image.file));
      if (theirs === 'DOS table') tables++;
      else if (!theirs) unknown++;
      if (crash) note('identity', 'crashed', textOf(ours));
      if (theirs === undefined || theirs === 'DOS table') {
        if (ours && 'kind' in ours) only.push(`${titleOf(image)}: ${textOf(ours)}`);
        continue;
      }
      const outcome = crash ? 'crashed' : outcomeOf(ours, theirs);
      identities[theirs.kind][outcome]++;
      if (!crash) note('identity', outcome, `${textOf(ours)}, blkid has ${textOf(theirs)}`);
      if ((theirs.kind !== 'ext' && theirs.kind !== 'FAT') || theirs.type === 'jbd') continue;
      if (!isClean(theirs.kind, image.file)) continue;
      const [read, why] = contentOf(theirs.kind, image.file, join(scratch, 'files'));
      contents[theirs.kind][read]++;
      note('content', read, why);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (values.verbose) for (const line of only) process.stdout.write(`${line}, blkid has nothing\n`);
  const row = (what: string, kind: Kind, count: Count): string[] => {
    const each = OUTCOMES.map((outcome) => count[outcome]);
    return [`${what}, ${kind}`, ...[each.reduce((sum, one) => sum + one), ...each].map(String)];
  };
  const rows = [
    ...KINDS.map((kind) => row('type, UUID, label', kind, identities[kind])),
    ...(['ext', 'FAT'] as const).map((kind) => row('content', kind, contents[kind])),
  ];
  process.stdout.write(
    `\n${seen} images, of which ${tables + unknown} are not compared: blkid gives ${tables} a DOS table, which may lie over what is ` +
      `older, and ${unknown} none of these types\n` +
      `${table(['compared', 'images', ...OUTCOMES], rows)}\n`,
  );
}

function outcomeOf(ours: ReturnType<typeof byUs>, theirs: Identity): Outcome {
  if (textOf(ours) === textOf(theirs)) return 'same';
  return ours && 'problem' in ours ? 'refused' : 'differs';
}

function contentOf(kind: 'ext' | 'FAT', file: string, scratch: string): [Outcome, string] {
  try {
    const ours = contentByUs(file);
    const theirs = contentByTools(kind, file, ours, scratch);
    if ('problem' in theirs) return ['no tool', theirs.problem];
    const found = difference(ours, theirs);
    return found === undefined ? ['same', ''] : ['differs', found];
  } catch (error) {
    return [isCrash(error) ? 'crashed' : 'refused', toDiagnostic(error).message];
  }
}

function attempt(look: () => ReturnType<typeof byUs>): [ReturnType<typeof byUs>, crashed: boolean] {
  try {
    return [look(), false];
  } catch (error) {
    return [{ problem: toDiagnostic(error).message }, isCrash(error)];
  }
}

/** What is refused has a code that a user can look up. */
function isCrash(error: unknown): boolean {
  return !(error instanceof Failure) || error.diagnostic.code === 'INTERNAL';
}
