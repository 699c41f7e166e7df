/** Packs a disk artifact as `xz`. A step of its own: what starts programs is half of what a step loads. */
import { xzCodec } from 'dsmb/archive';
import { archiveStep } from './archive-step.ts';

export default archiveStep(xzCodec);
