/** Where two files, folders or disks differ, in the words of their formats. */
export { compareFiles, type Comparison, type CompareOptions } from './files.ts';
export { formatFinding, type Finding } from './finding.ts';
export { recognisedFormat } from './core.ts';
export { cpioMembers } from './cpio.ts';
export { tarMembers } from './tar-index.ts';
export { Unpacker } from './unpack.ts';
