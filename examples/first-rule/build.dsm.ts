/** The smallest project with rules of its own; `docs/rules.md` explains it line by line. */
import { folder, param } from 'dsmb';
import { checksums } from './checksums.ts';
import { packed } from './packed.ts';
import { withNotice } from './with-notice.ts';

/** The algorithm of the checksums. */
export const algorithm = param.choice(['sha256', 'sha512'], { default: 'sha256', doc: 'algorithm of the checksums' });

/** What is to be published. */
export const files = folder('files');

/** The same with a notice of who may use it. */
export const published = withNotice({ files, notice: 'Free to use.' });

/** A checksum of each file. */
export const sums = checksums({ files: published, algorithm });

/** The files and their checksums in one archive. */
export const release = packed({ files: published, sums });
