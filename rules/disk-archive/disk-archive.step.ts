/** Packs a disk artifact in any format but `xz`. */
import { archiveStep } from './archive-step.ts';

export default archiveStep();
