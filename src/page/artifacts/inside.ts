/** What is in a file that holds others: a disk, an array, a file system, an archive, something compressed. */
import { recognisedFormat, type Unpacker } from '../../compare/index.ts';
import { fileSystemSource, identifyFileSystem, openFileSystem, type ByteSource } from '../../disk/index.ts';
import { cpioFolder, fileSystemFolder, partitionFolder, tarFolder, type Folder } from './folder.ts';

/** Larger files are not unpacked to be looked into. */
const MOST_COMPRESSED_BYTES = 64 * 1024 * 1024;
/** Something compressed in something compressed: deeper is not looked into. */
const MOST_WRAPPINGS = 3;
const COMPRESSIONS = ['gzip', 'xz', 'lzma', 'zstd'] as const;

/** What a file turned out to be. */
export interface Inside {
  readonly format?: string;
  /** Of one that holds others. */
  readonly folder?: Folder;
  /** Of one that is compressed, and holds one. */
  readonly content?: ByteSource;
}

/** Looks into a file. `unpacker` is made when it is needed. What is damaged, or too large, fails. */
export async function lookInside(
  source: ByteSource,
  unpacker: () => Promise<Unpacker>,
  wrappings = 0,
): Promise<Inside> {
  const format = recognisedFormat(source);
  const compression = COMPRESSIONS.find((one) => one === format);
  if (!compression) return plainInside(source, format);
  if (source.size > MOST_COMPRESSED_BYTES || wrappings >= MOST_WRAPPINGS) return { format: compression };
  const content = await (await unpacker()).unpack(source, compression);
  const inner = await lookInside(content, unpacker, wrappings + 1);
  return { content, ...inner, format: [compression, inner.format].filter(Boolean).join(', ') };
}

function plainInside(source: ByteSource, format: string | undefined): Inside {
  switch (format) {
    case 'a cpio archive':
      return withFolder(cpioFolder(source));
    case 'a tar archive':
      return withFolder(tarFolder(source));
    case 'a disk':
      return withFolder(partitionFolder(source));
    case 'text':
    case undefined:
      return format === undefined ? {} : { format };
    default:
      return fileSystemInside(source, format);
  }
}

/** Through an array that mirrors. */
function fileSystemInside(source: ByteSource, format: string): Inside {
  const holder = fileSystemSource(source);
  const { type = '' } = identifyFileSystem(holder) ?? {};
  if (!/^(ext|fat)/.test(type)) return { format };
  const name = holder === source ? type : `${type}, in an array`;
  return withFolder(fileSystemFolder(openFileSystem(holder, 'it'), name));
}

function withFolder(folder: Folder): Inside {
  return { folder, ...(folder.format === undefined ? {} : { format: folder.format }) };
}
