/** The documentation against the sources: pictures, quotations, links, error codes, attributes, what was tested. */
import { execa } from 'execa';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CODES } from './model/codes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = globSync(['*.md', 'docs/*.md', 'examples/**/*.md', 'guest/*.md'], { cwd: ROOT }).toSorted();
const SOURCES = globSync('{src,cache,rules,guest}/**/*.ts', { cwd: ROOT }).filter((path) => !path.includes('.test'));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);
const sorted = (items: Iterable<string>): string[] => [...new Set(items)].toSorted();

/** Blocks that stand behind a comment such as `<!-- quote: FILE -->` or `<!-- output: COMMAND -->`. */
function marked(kind: 'quote' | 'output'): (readonly [page: string, of: string, block: string])[] {
  const pattern = new RegExp(`<!-- ${kind}: (.+?) -->\\n+\`\`\`\\w*\\n([^]*?)\`\`\`\\n`, 'g');
  return PAGES.flatMap((page) =>
    [...read(page).matchAll(pattern)].map(([, of = '', block = '']) => [page, of, block] as const),
  );
}

describe('pages', () => {
  test.each(marked('output'))('%s shows the output of %s', async (_page, command, block) => {
    const [program = '', ...args] = command.split(' ');
    const { stdout } = await execa(program, args, { cwd: ROOT, stripFinalNewline: false });
    expect(block, `replace the block by the output of: ${command}`).toBe(stdout);
  });

  test.each(marked('quote'))('%s quotes %s', (_page, file, block) => {
    expect(unindented(read(file))).toContain(unindented(block));
  });

  test('the README has the picture and the build file', () => {
    expect(marked('output').map(([page, command]) => `${page} ${command}`)).toContain(
      'README.md ./dsmb graph //cloudTarball',
    );
    expect(marked('quote').some(([page, file]) => page === 'README.md' && file === 'build.dsm.ts')).toBe(true);
  });

  test('the parameters of examples/own-files exist', async () => {
    const { stdout } = await execa('./dsmb', ['list'], { cwd: ROOT });
    const names = Object.keys(JSON.parse(read('examples/own-files/params.example.json')) as object);
    expect(matches(stdout, /^ {2}([\w:]+)=/gm)).toEqual(expect.arrayContaining(names));
  });

  test.each(PAGES)('links of %s lead somewhere', (page) => {
    for (const link of matches(read(page), /\]\(([^)\s]+)\)/g)) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(ROOT, target)), `${page}: ${link}`).toBe(true);
      if (anchor) expect(anchorsOf(read(target)), `${page}: ${link}`).toContain(anchor);
    }
  });
});

/** What `dsmb/rules` exports; other rules are for those. */
function isPublicRule(path: string): boolean {
  return read('rules/index.ts').includes(`'./${path.replace('rules/', '')}'`);
}

describe('reference', () => {
  test('troubleshooting.md has every code of an error, and no other', () => {
    const page = matches(read('docs/troubleshooting.md'), /^\| `([A-Z0-9_]+)`/gm);
    expect(page.toSorted()).toEqual(Object.keys(CODES).toSorted());
  });

  test('every code is given somewhere, and none that is not on the list', () => {
    // The compiler sees to those of the engine. Rules and steps may have codes of their own; ours are on the list, too.
    const given = SOURCES.filter((path) => path !== 'src/model/codes.ts')
      .map(read)
      .join('\n');
    expect(Object.keys(CODES).filter((code) => !given.includes(`'${code}'`))).toEqual([]);
    const byRules = SOURCES.filter((path) => /^(rules|guest)\//.test(path)).flatMap((path) => codesOf(read(path)));
    expect(byRules.filter((code) => !Object.hasOwn(CODES, code))).toEqual([]);
  });

  test('reference.md has every rule, attribute, kind, option, parameter and variable', async () => {
    const page = read('docs/reference.md');
    const missing = [
      ...SOURCES.filter(isPublicRule).flatMap((path) => attributesOf(read(path))),
      ...matches(read('rules/kinds.ts') + read('src/model/kinds.ts'), /^export const (\w+) = kind/gm),
      ...matches(read('rules/index.ts').replaceAll(/[{,]/g, '\n'), /^ (\w+)(?= |$)/gm),
      ...SOURCES.filter((path) => path.startsWith('src/cli/')).flatMap((path) => optionsOf(read(path))),
      ...[...SOURCES, 'dsmb'].flatMap((path) => matches(read(path), /\b(DSMB_[A-Z]+)\b/g)),
      ...matches((await execa('./dsmb', ['list'], { cwd: ROOT })).stdout, /^ {2}([\w:]+)=/gm),
    ].filter((name) => !page.includes(`\`${name}\``));
    expect(sorted(missing)).toEqual([]);
  });

  test('reference.md has every command', async () => {
    const { stdout } = await execa('./dsmb', ['--help'], { cwd: ROOT });
    const commands = matches(stdout.split('\nCommands\n')[1] ?? '', /^ {2}(\w+) {2,}/gm);
    expect(commands).toContain('build');
    expect(commands.filter((name) => !read('docs/reference.md').includes(`| \`dsmb ${name}`))).toEqual([]);
  });
});

const TESTED = 'docs/tested.md';
const recorded = existsSync(join(ROOT, TESTED));

describe.skipIf(!recorded)(`${recorded ? '' : 'skipped: no run of everything was recorded: '}${TESTED}`, () => {
  const rows = (): string[][] =>
    matches(read(TESTED), /^\| (.* \d+) \|$/gm).map((line) => line.split('|').map((cell) => cell.trim()));

  test('has rows of features, and counts that add up', () => {
    const [all = [], ...features] = rows().toReversed();
    expect(features.length).toBeGreaterThan(0);
    const total = (column: number): number => features.reduce((sum, cells) => sum + Number(cells[column]), 0);
    expect(all).toEqual(['all', ...[1, 2, 3, 4].map((column) => String(total(column)))]);
  });

  test('is of a commit', () => {
    expect(read(TESTED)).toMatch(/^Of commit `[0-9a-f]{40}`/m);
  });
});

/** Excerpts stand further left than in their file. */
function unindented(text: string): string {
  return text.replaceAll(/^ +/gm, '');
}

function codesOf(source: string): string[] {
  const values = matches(source, /\bcode: ([^,{}\n]*)/g);
  return [
    ...matches(source, /fail\(\s*'([A-Z0-9_]+)'/g),
    ...values.flatMap((value) => matches(value, /'([A-Z][A-Z0-9_]+)'/g)),
  ];
}

function attributesOf(source: string): string[] {
  const blocks = matches(source, /^ {2}attributes: \{([^]*?)\},\n {2}(?:test|implement)\b/gm);
  return blocks.flatMap((block) => matches(block.replaceAll(/\/\*[^]*?\*\//g, ''), /(?:^ {4}|^ )(\w+): /gm));
}

function optionsOf(source: string): string[] {
  return matches(source, /^ {2,4}'?([\w-]+)'?: \{ type: '(?:boolean|string)'/gm).map((name) => `--${name}`);
}

/** Anchors as GitHub makes them from headings. */
function anchorsOf(page: string): string[] {
  return matches(page, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
