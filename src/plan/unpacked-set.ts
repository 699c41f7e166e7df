/**
 * The unpacking of a set of packages as an action that nobody runs: by its key, machines find what others have unpacked,
 * and fetch no package. The key is made of the format of unpacking and of the hash of each package.
 */
import { digestOf, EMPTY } from '../../cache/cas.ts';
import { encodeAction, encodeCommand } from '../../cache/reapi/messages.ts';
import { EMPTY_DIRECTORY } from '../../cache/tree.ts';
import { UNPACK_FORMAT, type Package } from '../toolchain/index.ts';
import { PLATFORM } from './runtime.ts';
import type { Sealed } from './recipe.ts';

export type Unpacking = Pick<Sealed, 'key' | 'messages' | 'madeOf'> & {
  readonly command: Sealed['command'];
  readonly inputRoot: typeof EMPTY_DIRECTORY;
};

/** `kind`: whether what the packages depend on is in the set, or that its tree holds the packages themselves. */
export function unpackedSet(kind: boolean | 'archives', packages: readonly Package[]): Unpacking {
  const command = {
    argv: ['dsmb-unpack', String(UNPACK_FORMAT), String(kind), ...packages.map(({ sha256 }) => sha256)],
    env: {},
    outputs: [{ path: 'out/packages', shape: 'folder' as const }],
    platform: PLATFORM,
  };
  const encoded = encodeCommand(command);
  const about = { command: digestOf(encoded), inputRoot: EMPTY, timeoutMs: 0, platform: PLATFORM, salt: '' };
  const action = encodeAction(about);
  return {
    key: digestOf(action),
    messages: [encoded, action],
    command,
    inputRoot: EMPTY_DIRECTORY,
    madeOf: () => new Map(),
  };
}
