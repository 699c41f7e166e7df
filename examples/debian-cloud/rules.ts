/** The rules of this project. */
export { booted } from './booted.ts';
export { bootable } from './bootable.ts';
export { bootFiles, kernel } from './kernel.ts';
export { firstStage } from './first-stage.ts';
export { initrd } from './initrd.ts';
export { installed } from './installed.ts';
