/** What joined modules were made of. */
import { join } from 'node:path';
import { readSealed } from '../../../cache/sealed.ts';
import { JOINED_FOLDER } from '../../model/own-files.ts';

/** The last joined modules. */
export interface Joined {
  /** The joined module that has the command line, in the folder of joined modules. */
  readonly commandLine: string;
  /** The one that is the helper process, there as well. */
  readonly helper: string;
  /** What that is made of, below the package's folder. */
  readonly helperSource: string;
  /** All joined modules. */
  readonly outputs: readonly string[];
  /** The sources, below the package's folder. */
  readonly sources: readonly string[];
  /** Of the sources. */
  readonly stamps: readonly number[];
}

/** Where `Joined` is, sealed; its name carries the version of its format. */
export const RECORD = join(JOINED_FOLDER, 'joined.v3.json');

/** What was joined last; undefined where nothing was. */
export function recallJoined(): Joined | undefined {
  const content = readSealed(RECORD);
  return content && (JSON.parse(content.toString()) as Joined);
}
