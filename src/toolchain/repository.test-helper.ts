/** A package repository in a folder, and a machine whose apt knows no other. */
import { hash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BASE_PACKAGES, debFile, type Package } from './packages.ts';
import { testPackage } from './packages.test-helper.ts';

/** A package as a test speaks of it. */
export interface TestDeb {
  readonly name: string;
  readonly version?: string;
  /** More fields, each a line. */
  readonly fields?: string;
}

const BASE: readonly TestDeb[] = BASE_PACKAGES.map((name) => ({ name }));

export class TestRepository implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dsmb-repository-'));
  readonly #configBefore = process.env['APT_CONFIG'];

  constructor() {
    const sources = join(this.#folder, 'sources.list');
    const parts = join(this.#folder, 'sources.list.d');
    const config = join(this.#folder, 'apt.conf');
    mkdirSync(parts);
    writeFileSync(sources, `deb [trusted=yes] file:${this.archive} stable main\n`);
    writeFileSync(config, `Dir::Etc::sourcelist "${sources}";\nDir::Etc::sourceparts "${parts}";\n`);
    process.env['APT_CONFIG'] = config;
  }

  /** What is above `pool`. */
  get archive(): string {
    return join(this.#folder, 'archive');
  }

  /** Lists these packages, with those that every closure needs, and no others; files of earlier lists stay in the pool. */
  async list(debs: readonly TestDeb[]): Promise<Map<string, Package>> {
    const all: Package[] = [];
    for (const { name, version = '1', fields = '' } of [...BASE, ...debs]) {
      const text = `${name} ${version}`;
      const entries = [{ name: `./usr/share/${name}/version`, text }];
      const made = await testPackage(join(this.#folder, 'made'), name, entries, fields, version);
      const file = this.poolFile(made);
      mkdirSync(dirname(file), { recursive: true });
      copyFileSync(debFile(join(this.#folder, 'made'), made), file);
      all.push(made);
    }
    this.#publish(all);
    return new Map(all.map((each) => [each.name, each]));
  }

  poolFile(of: Package): string {
    return join(this.archive, of.filename);
  }

  #publish(packages: readonly Package[]): void {
    const path = 'main/binary-amd64/Packages';
    const text = packages.map(listEntry).join('\n');
    const suite = join(this.archive, 'dists/stable');
    mkdirSync(dirname(join(suite, path)), { recursive: true });
    writeFileSync(join(suite, path), text);
    const sum = ` ${hash('sha256', text)} ${Buffer.byteLength(text)} ${path}\n`;
    const head = `Suite: stable\nComponents: main\nArchitectures: amd64\nDate: ${new Date().toUTCString()}\n`;
    writeFileSync(join(suite, 'Release'), `${head}SHA256:\n${sum}`);
  }

  [Symbol.dispose](): void {
    if (this.#configBefore === undefined) delete process.env['APT_CONFIG'];
    else process.env['APT_CONFIG'] = this.#configBefore;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function listEntry({ name, version, architecture, filename, size, sha256, control }: Package): string {
  const fields = { Package: name, Version: version, Architecture: architecture, ...control };
  const more = { Filename: filename, Size: size, SHA256: sha256, Description: 'test' };
  return Object.entries({ ...fields, ...more })
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}
