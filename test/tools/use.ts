/** Before each file of tests: the programs of the tests' toolchains come first on the PATH. */
import { inject } from 'vitest';

process.env['PATH'] = `${inject('commands')}:${process.env['PATH']}`;
