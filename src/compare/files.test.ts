/** Where things differ: every format against files that its own tools make, and against hostile bytes. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { temporaryFolder } from '../disk/model.test-helper.ts';
import { rawToDisk } from '../disk/index.ts';
import { compareFiles, formatFinding } from './index.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const at = (...names: string[]): string => join(folder.path, ...names);
let count = 0;

/** A file of its own with this content. */
function file(content: string | Uint8Array): string {
  const path = at(`file${count++}`);
  writeFileSync(path, content);
  return path;
}

/** A folder of its own with these files, all with one time of modification. */
function tree(files: Readonly<Record<string, string>>, mtime = 1_000_000_000): string {
  const root = at(`tree${count++}`);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    utimesSync(join(root, path), mtime, mtime);
  }
  utimesSync(root, 1_000_000_000, 1_000_000_000);
  return root;
}

function run(program: string, args: readonly string[], options: { cwd?: string; input?: string; env?: object } = {}) {
  const { env = {}, ...rest } = options;
  return execFileSync(program, args, { stdio: ['pipe', 'pipe', 'ignore'], ...rest, env: { ...process.env, ...env } });
}

async function findings(before: string, after: string): Promise<string[]> {
  return (await compareFiles(before, after)).findings.map(formatFinding);
}

/** The file again, with some bytes replaced. */
function patched(path: string, offset: number, bytes: Uint8Array | string): string {
  const copy = Buffer.from(readFileSync(path));
  copy.set(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, offset);
  return file(copy);
}

describe('plain files', () => {
  test('text: the lines', async () => {
    expect(await findings(file('one\ntwo\nthree\n'), file('one\n2\nthree\n'))).toEqual(['line 2: "two" -> "2"']);
    expect(await findings(file('a\nb\n'), file('a\nx\nb\n'))).toEqual(['line 2: no line -> "x"']);
    expect(await findings(file('a'), file('a\n'))).toEqual(['line 2: no line -> ""']);
  });

  test('bytes: offset and hex, and the sizes', async () => {
    const bytes = Buffer.alloc(3_000_000, 1);
    const path = file(bytes);
    expect(await findings(path, patched(path, 2_500_000, Buffer.from([9])))).toEqual([
      'byte 2500000: 01 01 01 01 01 01 01 01 -> 09 01 01 01 01 01 01 01',
    ]);
    expect(await findings(file(Buffer.from([0, 1])), file(Buffer.from([0, 1, 2])))).toEqual([
      'size: 2 bytes -> 3 bytes',
      'byte 2: nothing -> 02',
    ]);
  });

  test('equal ones have no findings', async () => {
    expect(await compareFiles(file('same'), file('same'))).toEqual({ equal: true, findings: [], more: false });
  });

  test('more findings than asked for are said to be there', async () => {
    const lines = Array.from({ length: 9 }, (_, index) => `${index}\n`);
    const comparison = await compareFiles(file(lines.join('')), file(lines.toReversed().join('')), { limit: 2 });
    expect([comparison.findings.length, comparison.more]).toEqual([2, true]);
  });
});

describe('folders', () => {
  test('entries, modes, symlinks, types, and files inside', async () => {
    const before = tree({ 'a/x': '1\n', gone: '', run: 'x', kind: '' });
    const after = tree({ 'a/x': '2\n', new: '', run: 'x' });
    chmodSync(join(after, 'run'), 0o755);
    mkdirSync(join(after, 'kind'));
    symlinkSync('a', join(before, 'link'));
    symlinkSync('b', join(after, 'link'));
    expect(await findings(before, after)).toEqual([
      'gone > entry: there -> missing',
      'new > entry: missing -> there',
      'a > x > line 1: "1" -> "2"',
      'kind > type: file -> folder',
      'link > symlink target: "a" -> "b"',
      'run > mode: not executable -> executable',
    ]);
  });
});

describe('compressed', () => {
  test('gzip: the header, and what it holds', async () => {
    const path = tree({ 'x.txt': 'hello\n' });
    run('gzip', ['--keep', 'x.txt'], { cwd: path });
    const first = at('first.gz');
    copyFileSync(join(path, 'x.txt.gz'), first);
    utimesSync(join(path, 'x.txt'), 1_000_000_060, 1_000_000_060);
    run('gzip', ['--force', '--keep', 'x.txt'], { cwd: path });
    expect(await findings(first, join(path, 'x.txt.gz'))).toEqual([
      'gzip header mtime: 2001-09-09T01:46:40Z -> 2001-09-09T01:47:40Z',
    ]);
    expect(await findings(file(gzipSync('a\n')), file(gzipSync('b\n')))).toEqual(['line 1: "a" -> "b"']);
    const text = 'text that can be compressed '.repeat(2000) + Math.PI;
    const [fast, best] = [file(gzipSync(text, { level: 1 })), file(gzipSync(text, { level: 9 }))];
    expect((await findings(fast, best)).join('\n')).toMatch(
      /gzip compression of equal content: \d+ bytes -> \d+ bytes/,
    );
  });

  test.each(['xz', 'lzma'])('%s', async (format) => {
    const pack = (text: string): string =>
      file(execFileSync('xz', [`--format=${format}`, '--stdout'], { input: text }));
    expect(await findings(pack('a\n'), pack('b\n'))).toEqual(['line 1: "a" -> "b"']);
  });

  test('zstd', async () => {
    expect(await findings(file(zstdCompressSync('a\n')), file(zstdCompressSync('b\n')))).toEqual([
      'line 1: "a" -> "b"',
    ]);
  });

  test('without xz the bytes are told, and why', async () => {
    const pack = (text: string): string => file(execFileSync('xz', ['--stdout'], { input: text }));
    const { findings: found } = await compareFiles(pack('aa\n'), pack('bb\n'), { xz: ['/no/such/xz'] });
    expect(found.map(formatFinding).join('\n')).toMatch(/^byte \d+ \(in xz: .*no program xz/);
  });
});

describe('tar', () => {
  const pack = (source: string, ...args: string[]): string => {
    const path = at(`archive${count++}`);
    run('tar', ['-cf', path, '-C', source, '--sort=name', '--owner=0', '--group=0', ...args, '.']);
    return path;
  };

  test.each(['gnu', 'ustar', 'pax'])('%s: fields of a member, its content, missing ones', async (format) => {
    const options = [`--format=${format}`, '--pax-option=delete=atime,delete=ctime'].slice(0, format === 'pax' ? 2 : 1);
    const one = tree({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
    const before = pack(one, ...options);
    expect(await findings(before, pack(one, ...options, '--mtime=@1000000060'))).toContain(
      './a.txt > mtime: 2001-09-09T01:46:40Z -> 2001-09-09T01:47:40Z',
    );
    expect(await findings(before, pack(one, ...options, '--owner=1000'))).toContain('./a.txt > uid: 0 -> 1000');
    expect(await findings(before, pack(one, ...options, '--mode=600'))).toContain('./a.txt > mode: 0644 -> 0600');
    expect(await findings(before, pack(tree({ 'a.txt': 'changed\n', 'b.txt': 'b\n' }), ...options))).toEqual([
      './a.txt > line 1: "a" -> "changed"',
    ]);
    expect(await findings(before, pack(tree({ 'b.txt': 'b\n' }), ...options))).toEqual([
      './a.txt > member: there -> missing',
    ]);
  });

  test('the order of members', async () => {
    const one = tree({ a: 'a', b: 'b' });
    const pack2 = (...names: string[]): string => {
      const path = at(`archive${count++}`);
      run('tar', ['-cf', path, '-C', one, ...names]);
      return path;
    };
    expect(await findings(pack2('a', 'b'), pack2('b', 'a'))).toEqual(['order of members, place 1: "a" -> "b"']);
  });

  test('times of pax records', async () => {
    const one = tree({ a: 'a' });
    const args = ['--format=pax', '--pax-option=delete=atime,delete=ctime'];
    const before = pack(one, ...args, '--mtime=@1.5');
    expect(await findings(before, pack(one, ...args, '--mtime=@1.6'))).toContain('./a > pax mtime: 1.5 -> 1.6');
  });

  test('long names and sparse members', async () => {
    const long = `${'long '.repeat(40)}/x`;
    expect(
      await findings(pack(tree({ [long]: '1' }), '--format=gnu'), pack(tree({ [long]: '2' }), '--format=gnu')),
    ).toEqual([`./${long} > line 1: "1" -> "2"`]);
    const sparse = (end: string): string => {
      const root = tree({});
      const path = join(root, 'disk');
      writeFileSync(path, 'start');
      truncateSync(path, 50 * 1024 * 1024);
      writeFileSync(path, end, { flag: 'a' });
      utimesSync(path, 1, 1);
      utimesSync(root, 1, 1);
      return pack(root, '--format=gnu', '--sparse');
    };
    expect(await findings(sparse('\0end'), sparse('\0END'))).toEqual(['./disk > byte 52428801: 65 6e 64 -> 45 4e 44']);
  });
});

describe('cpio', () => {
  const pack = (source: string, ...args: string[]): string =>
    file(run('cpio', ['-o', '-H', 'newc', '--quiet', ...args], { cwd: source, input: 'a\nb\n' }));

  test('fields of a member, and its content', async () => {
    const one = tree({ a: 'a\n', b: 'b\n' });
    const before = pack(one, '--reproducible');
    utimesSync(join(one, 'a'), 5, 5);
    chmodSync(join(one, 'b'), 0o600);
    expect(await findings(before, pack(one, '--reproducible'))).toEqual([
      'a > mtime: 2001-09-09T01:46:40Z -> 1970-01-01T00:00:05Z',
      'b > mode: 0100644 -> 0100600',
    ]);
    expect(await findings(before, pack(tree({ a: 'a\n', b: 'longer\n' }), '--reproducible'))).toEqual([
      'b > line 1: "b" -> "longer"',
    ]);
    expect((await findings(before, pack(one))).join('\n')).toMatch(/^a > ino: \d+ -> \d+$/m);
  });

  test('several archives in a row, the last one compressed', async () => {
    const early = readFileSync(pack(tree({ a: 'early', b: '' }), '--reproducible'));
    const initrd = (text: string): string =>
      file(Buffer.concat([early, gzipSync(readFileSync(pack(tree({ a: text, b: '' }), '--reproducible')))]));
    expect(await findings(initrd('x\n'), initrd('y\n'))).toEqual(['what follows > a > line 1: "x" -> "y"']);
  });
});

describe('FAT', () => {
  const make = (bits: number, sectors: number, id: string, ...more: string[]): string => {
    const path = at(`fat${count++}`);
    run('mkfs.fat', ['-C', '--invariant', '-F', String(bits), '-i', id, ...more, path, String(sectors)]);
    return path;
  };
  const put = (image: string, source: string, epoch: number): string => {
    run('mcopy', ['-i', image, '-s', join(source, 'boot'), '::'], { env: { SOURCE_DATE_EPOCH: String(epoch) } });
    return image;
  };
  const SIZES = [
    [12, 1440],
    [16, 20_000],
    [32, 100_000],
  ] as const;

  test.each(SIZES)('%i: volume id', async (bits, size) => {
    expect(await findings(make(bits, size, '12345678'), make(bits, size, 'abcdef01'))).toEqual([
      'FAT volume id: 1234-5678 -> ABCD-EF01',
    ]);
  });

  test('the label, in its two places', async () => {
    const found = await findings(make(12, 1440, '1', '-n', 'ONE'), make(12, 1440, '1', '-n', 'TWO'));
    expect(found).toContain('FAT volume label in the boot sector: "ONE" -> "TWO"');
    expect(found).toContain('the volume label > FAT directory entry short name: "ONE" -> "TWO"');
  });

  test.each(SIZES)('%i: times of an entry, content of a file', async (bits, size) => {
    const before = put(make(bits, size, '1'), tree({ 'boot/grub.cfg': 'set mac=1\n' }), 1_577_836_800);
    const later = put(make(bits, size, '1'), tree({ 'boot/grub.cfg': 'set mac=1\n' }), 1_577_836_860);
    expect(await findings(before, later)).toContain(
      '/boot/grub.cfg > FAT directory entry write time: 2020-01-01 00:00:00 -> 2020-01-01 00:01:00',
    );
    const other = put(make(bits, size, '1'), tree({ 'boot/grub.cfg': 'set mac=2\n' }), 1_577_836_800);
    expect(await findings(before, other)).toEqual(['/boot/grub.cfg > line 1: "set mac=1" -> "set mac=2"']);
  });

  test('bytes that belong to no file', async () => {
    const before = make(12, 1440, '1');
    expect(await findings(before, patched(before, 1_000_000, 'free'))).toEqual([
      'byte 1000000 (in a FAT file system): 00 00 00 00 00 00 00 00 -> 66 72 65 65 00 00 00 00',
    ]);
  });
});

describe('ext4', () => {
  const UUID = '11111111-2222-3333-4444-555555555555';
  const make = (source: string, { uuid = UUID, seed = UUID, now = '1577836800' } = {}): string => {
    const path = at(`ext${count++}`);
    run('mke2fs', ['-q', '-t', 'ext4', '-U', uuid, '-E', `hash_seed=${seed}`, '-d', source, path, '8M'], {
      env: { E2FSPROGS_FAKE_TIME: now },
    });
    return path;
  };

  test('UUID, hash seed, time of mkfs', async () => {
    const source = tree({ a: '1\n' });
    const before = make(source);
    const other = '99999999-2222-3333-4444-555555555555';
    expect(await findings(before, make(source, { uuid: other }))).toContain(
      `ext4 superblock UUID: ${UUID} -> ${other}`,
    );
    expect(await findings(before, make(source, { seed: other }))).toContain(
      `ext4 superblock hash seed: ${UUID} -> ${other}`,
    );
    expect(await findings(before, make(source, { now: '1577836860' }))).toContain(
      'ext4 superblock mkfs time: 2020-01-01T00:00:00Z -> 2020-01-01T00:01:00Z',
    );
  });

  test('an inode by its path, a file by its lines', async () => {
    const source = tree({ 'etc/a': '1\n' });
    const before = make(source);
    const inode = (field: string, value: string): string => {
      const copy = file(readFileSync(before));
      run('debugfs', ['-w', '-R', `set_inode_field /etc/a ${field} ${value}`, copy]);
      return copy;
    };
    expect(await findings(before, inode('mtime', '@5'))).toEqual([
      '/etc/a > inode i_mtime: 2001-09-09T01:46:40Z -> 1970-01-01T00:00:05Z',
    ]);
    expect(await findings(before, inode('uid', '7'))).toEqual([
      expect.stringMatching(/^\/etc\/a > inode i_uid: \d+ -> 7$/),
    ]);
    const place = readFileSync(before).indexOf('1\n\0\0\0\0\0\0', 100_000);
    expect(await findings(before, patched(before, place, '2'))).toEqual(['/etc/a > line 1: "1" -> "2"']);
  });
});

describe('disks', () => {
  const table = (script: string, megabytes = 40): string => {
    const path = at(`disk${count++}`);
    writeFileSync(path, '');
    truncateSync(path, megabytes * 1024 * 1024);
    run('sfdisk', ['--quiet', path], { input: script });
    return path;
  };
  const dos = (id: string): string => table(`label: dos\nlabel-id: ${id}\nstart=2048, size=20480, type=e\n`);
  const inside = (disk: string, content: string, offset = 1024 * 1024): string => {
    const bytes = readFileSync(disk);
    readFileSync(content).copy(bytes, offset);
    return file(bytes);
  };
  const fat = (text: string): string => {
    const path = at(`fat${count++}`);
    run('mkfs.fat', ['-C', '--invariant', '-F', '16', '-i', '1', path, '10240']);
    run('mcopy', ['-i', path, '-s', join(tree({ 'boot/grub.cfg': text }), 'boot'), '::'], {
      env: { SOURCE_DATE_EPOCH: '0' },
    });
    return path;
  };

  test('MBR: the disk signature, and a partition that moved', async () => {
    expect(await findings(dos('0x12345678'), dos('0xabcdef01'))).toEqual([
      'MBR disk signature: 0x12345678 -> 0xabcdef01',
    ]);
    expect(await findings(dos('0x1'), table('label: dos\nlabel-id: 0x1\nstart=4096, size=20480, type=e\n'))).toContain(
      'MBR entry 1 first sector: 2048 -> 4096',
    );
  });

  test('GPT: the disk GUID and that of a partition; the backup is not told apart', async () => {
    const gpt = (disk: string, part: string): string =>
      table(`label: gpt\nlabel-id: ${disk}\nstart=2048, size=20480, uuid=${part}\n`);
    const [one, two] = ['11111111-2222-3333-4444-555555555555', '99999999-2222-3333-4444-555555555555'];
    expect((await findings(gpt(one, one), gpt(two, one)))[0]).toBe(`GPT disk GUID: ${one} -> ${two}`);
    expect(await findings(gpt(one, one), gpt(one, two))).toContain(`GPT entry 1 partition GUID: ${one} -> ${two}`);
  });

  test('a file in a partition, bytes of a partition, bytes between', async () => {
    const disk = inside(dos('0x1'), fat('set mac=1\n'));
    expect(await findings(disk, inside(disk, fat('set mac=2\n')))).toEqual([
      'p1 > /boot/grub.cfg > line 1: "set mac=1" -> "set mac=2"',
    ]);
    const grown = patched(
      inside(table('label: dos\nlabel-id: 0x1\nstart=2048, size=4096, type=e\n'), fat('')),
      600_000,
      'x',
    );
    expect(await findings(dos('0x1'), grown)).toContain(
      'before the partitions > byte 600000: 00 00 00 00 00 00 00 00 -> 78 00 00 00 00 00 00 00',
    );
    const blank = dos('0x1');
    expect(await findings(blank, patched(blank, 1024 * 1024 + 12, 'x'))).toEqual([
      'p1 > byte 12: 00 00 00 00 00 00 00 00 -> 78 00 00 00 00 00 00 00',
    ]);
    expect(await findings(blank, patched(blank, 600_000, 'x'))).toEqual([
      'before the partitions > byte 600000: 00 00 00 00 00 00 00 00 -> 78 00 00 00 00 00 00 00',
    ]);
  });

  test('the same in the disk format, and in an archive', async () => {
    const [one, two] = ['1', '2'].map((mac) => inside(dos('0x1'), fat(`set mac=${mac}\n`))) as [string, string];
    const folders = [one, two].map((raw) => {
      const to = at(`folder${count++}`);
      rawToDisk(raw, to);
      return to;
    }) as [string, string];
    expect(await findings(...folders)).toEqual(['p1 > /boot/grub.cfg > line 1: "set mac=1" -> "set mac=2"']);
    const packed = [one, two].map((raw) => {
      const root = tree({});
      cpSync(raw, join(root, 'disk.raw'));
      const path = at(`disk${count++}.tar.gz`);
      run('tar', ['-czSf', path, '-C', root, '--mtime=@0', 'disk.raw'], { env: { GZIP: '-n' } });
      return path;
    }) as [string, string];
    expect(await findings(...packed)).toEqual(['disk.raw > p1 > /boot/grub.cfg > line 1: "set mac=1" -> "set mac=2"']);
  });

  test('a member of an array: its superblock, then its files', async () => {
    const image = fat('text\n');
    const member = (ctime: number, content: string, id = 0x11): string => {
      const bytes = Buffer.alloc(10_240 * 1024 + 128 * 1024);
      readFileSync(content).copy(bytes);
      const block = bytes.subarray(bytes.length - 64 * 1024, bytes.length - 60 * 1024);
      const words = { 0: 0xa92b4efc, 2: 90, 5: id, 6: ctime, 7: 1, 10: 2, 13: 0x22 };
      for (const [index, value] of Object.entries(words)) block.writeUInt32LE(value, 4 * Number(index));
      let sum = 0;
      for (let offset = 0; offset < 4096; offset += 4) sum += block.readUInt32LE(offset);
      block.writeUInt32LE((Math.floor(sum / 2 ** 32) + (sum % 2 ** 32)) % 2 ** 32, 38 * 4);
      return file(bytes);
    };
    expect(await findings(member(0, image), member(60, image))).toEqual([
      'md superblock ctime: 1970-01-01T00:00:00Z -> 1970-01-01T00:01:00Z',
    ]);
    expect(await findings(member(0, image), member(0, image, 0x99))).toEqual([
      'md superblock array UUID: 00000011:00000022:00000000:00000000 -> 00000099:00000022:00000000:00000000',
    ]);
    expect(await findings(member(0, image), member(0, fat('other\n')))).toEqual([
      '/boot/grub.cfg > line 1: "text" -> "other"',
    ]);
  });

  test('a VHD: time and id of its footer', async () => {
    const vhd = (time: number, id: number): string => {
      const footer = Buffer.alloc(512);
      footer.write('conectix');
      footer.writeUInt32BE(time, 24);
      footer.fill(id, 68, 84);
      return file(Buffer.concat([Buffer.alloc(4096), footer]));
    };
    expect(await findings(vhd(0, 1), vhd(60, 2))).toEqual([
      'VHD creation time: 2000-01-01T00:00:00Z -> 2000-01-01T00:01:00Z',
      'VHD unique id: 01010101-0101-0101-0101-010101010101 -> 02020202-0202-0202-0202-020202020202',
    ]);
  });
});

describe('hostile content', () => {
  /** One of each format, small. */
  const samples = (): Buffer[] => {
    const fat = at('sample.fat');
    rmSync(fat, { force: true });
    run('mkfs.fat', ['-C', '--invariant', '-F', '12', fat, '200']);
    const ext = at('sample.ext');
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^has_journal', ext, '300K']);
    const root = tree({ a: 'a', b: 'b' });
    const tar = run('tar', ['-cf', '-', '--format=pax', '-C', root, '.']);
    const cpio = run('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: root, input: 'a\nb\n' });
    return [
      readFileSync(fat),
      readFileSync(ext),
      tar,
      cpio,
      gzipSync(tar),
      zstdCompressSync(cpio),
      Buffer.from('text'),
    ];
  };

  test('whatever the bytes are, they differ exactly when findings say so, and nothing is thrown', async () => {
    const all = samples();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(all.length - 1),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ minLength: 1, maxLength: 8 })), {
          maxLength: 4,
        }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        async (index, edits, cut) => {
          const before = all[index]!;
          const after = Buffer.from(before.subarray(0, Math.ceil(before.length * cut)));
          for (const [place, bytes] of edits)
            after.set(bytes.subarray(0, after.length), Math.floor(place * Math.max(0, after.length - bytes.length)));
          const [a, b] = [at('hostile-a'), at('hostile-b')];
          writeFileSync(a, before);
          writeFileSync(b, after);
          const { equal, findings: found } = await compareFiles(a, b);
          expect(equal).toBe(before.equals(after));
          expect(found.filter((one) => one.before === one.after)).toEqual([]);
          const back = await compareFiles(b, b);
          expect(back.equal).toBe(true);
        },
      ),
      { numRuns: examples(500) },
    );
  });
});
