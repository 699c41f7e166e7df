/** The rules of this project. */
export { booted } from './booted.ts';
export { bootable } from './bootable.ts';
export { bootFiles, kernel } from './kernel.ts';
export { ext4 } from './ext4.ts';
export { initrd } from './initrd.ts';
export { installed } from './installed.ts';
