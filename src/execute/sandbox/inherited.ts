/** What a wrapper, an editor or a build server has left open for dsmb. */
import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC, as `/proc/self/fdinfo` has it: Node opens all files so. */
const CLOSES_ON_EXEC = 0o2_000_000;
const LAST_STANDARD_STREAM = 2;

/**
 * Closes every descriptor but the standard streams that programs started from here would inherit. A folder among them
 * leads to all files of the machine.
 */
export function closeInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor > LAST_STANDARD_STREAM && isInherited(descriptor)) closeSync(descriptor);
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
    return (Number.parseInt(flags, 8) & CLOSES_ON_EXEC) === 0;
  } catch {
    // That of the list itself, which is closed by now.
    return false;
  }
}
