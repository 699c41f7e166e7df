/** Programs of a toolchain that run outside of any sandbox, with their own loader and libraries. */
import { join } from 'node:path';

const LOADER = 'usr/lib64/ld-linux-x86-64.so.2';
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/** The start of a command line for a program below the folder that a toolchain is laid out in. */
export function hostProgram(root: string, path: string): readonly string[] {
  return [join(root, LOADER), '--library-path', join(root, LIBRARIES), join(root, path)];
}
