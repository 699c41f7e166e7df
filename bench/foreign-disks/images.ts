/** The images of the test suites of util-linux, e2fsprogs and dosfstools, out of Debian's source packages. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fetchPackages } from '../../src/toolchain/fetch.ts';
import { debFile, type Package } from '../../src/toolchain/packages.ts';

/** A source package: its archive, and where in it the images are. */
interface Suite {
  readonly name: string;
  readonly version: string;
  readonly archive: string;
  readonly size: number;
  readonly sha256: string;
  readonly images: readonly string[];
}

const SUITES: readonly Suite[] = [
  {
    name: 'util-linux',
    version: '2.38.1',
    archive: 'u/util-linux/util-linux_2.38.1.orig.tar.xz',
    size: 7_495_904,
    sha256: '60492a19b44e6cf9a3ddff68325b333b8b52b6c59ce3ebd6a0ecaa4c5117e84f',
    images: ['tests/ts/blkid/images-*/*.xz'],
  },
  {
    name: 'e2fsprogs',
    version: '1.47.0',
    archive: 'e/e2fsprogs/e2fsprogs_1.47.0.orig.tar.gz',
    size: 9_637_717,
    sha256: '6667afde56eef0c6af26684974400e4d2288ea49e9441bf5e6229195d51a3578',
    images: ['tests/*/image.gz', 'tests/*/image.bz2', 'tests/*/*.img.bz2'],
  },
  {
    name: 'dosfstools',
    version: '4.2',
    archive: 'd/dosfstools/dosfstools_4.2.orig.tar.gz',
    size: 320_917,
    sha256: '64926eebf90092dca21b14259a5301b7b98e7b1943e8a201c7d726084809b527',
    images: ['tests/*.xxd'],
  },
];

/** An image as a raw file. */
export interface Image {
  readonly suite: string;
  /** Its path in the source package. */
  readonly name: string;
  readonly file: string;
}

/** Fetches and unpacks below a folder; gives the images in order, one after the other, so that one at a time is on the disk. */
export async function* images(folder: string): AsyncGenerator<Image> {
  const packages = SUITES.map(packageOf);
  const missing = await fetchPackages(packages, { cache: folder });
  if (missing.length > 0)
    throw new Error(
      `no mirror has ${missing.map(({ filename }) => filename).join(', ')}: name one in DSMB_MIRRORS that keeps old versions`,
    );
  for (const [index, suite] of SUITES.entries()) {
    const root = join(folder, suite.name);
    mkdirSync(root, { recursive: true });
    run('tar', ['-xf', debFile(folder, packages[index]!), '--strip-components=1', '-C', root]);
    const names = suite.images.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted();
    for (const name of names)
      yield { suite: suite.name, name, file: unpacked(join(root, name), join(folder, 'image')) };
  }
}

function packageOf({ name, version, archive, size, sha256 }: Suite): Package {
  return { name, version, architecture: 'source', filename: `pool/main/${archive}`, size, sha256 };
}

function unpacked(packed: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true });
  if (packed.endsWith('.xxd')) writeFileSync(to, bytesOfHex(readFileSync(packed, 'utf8')));
  else run('bsdcat', [packed], to);
  return to;
}

/** `00000010: 1234 5678 …  text`; a star stands for lines of zeros up to the next address. */
function bytesOfHex(text: string): Buffer {
  const lines = [...text.matchAll(/^([0-9a-f]+): ((?:[0-9a-f]{2,4} )+)/gm)].map(([, at = '', hex = '']) => ({
    at: Number.parseInt(at, 16),
    bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
  }));
  const last = lines.at(-1);
  const whole = Buffer.alloc(last ? last.at + last.bytes.length : 0);
  for (const { at, bytes } of lines) whole.set(bytes, at);
  return whole;
}

function run(program: string, args: readonly string[], to?: string): void {
  const output = execFileSync(program, args, { maxBuffer: 2 ** 31 - 1 });
  if (to !== undefined) writeFileSync(to, output);
}

/** For people: where an image is from. */
export function titleOf({ suite, name }: Image): string {
  const folder = basename(dirname(name));
  return `${suite} ${folder === 'tests' ? '' : `${folder}/`}${basename(name)}`;
}
