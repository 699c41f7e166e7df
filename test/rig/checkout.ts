/** Where the checkout is that is tested. */
import { OWN_PACKAGE } from '../../src/model/own-files.ts';

/** The checkout whose `dsmb` is under test. */
export const CHECKOUT = OWN_PACKAGE.replace(/\/$/, '');
