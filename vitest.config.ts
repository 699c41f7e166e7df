import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import manifest from './package.json' with { type: 'json' };

interface Suite {
  readonly timeoutSeconds: number;
  readonly include?: string[];
  readonly setupFiles?: string[];
}

/** `dsmb` is the sources, not what the last `npm pack` compiled: as under the condition `dsmb-source`. */
const alias = Object.entries(manifest.exports).flatMap(([name, to]) =>
  typeof to === 'string'
    ? []
    : [{ find: new RegExp(`^dsmb${name.slice(1)}$`), replacement: resolve(to['dsmb-source']) }],
);

/**
 * Cases that take long are told from the others by this tag: `it('…', { tags: 'long' }, …)`. With `it.skipIf`, which says
 * itself whether a case is skipped, the tag does nothing: take `(condition ? it.skip : it)`.
 */
const LONG = {
  name: 'long',
  description: 'left to `.ci/run --all`',
  skip: process.env['DSMB_TESTS'] !== 'all',
};

/** What takes longest, machines first, so that nothing else waits for it in the end. */
const FIRST = ['e2e/pipeline', 'e2e/killed-machine', 'property/', 'disk-archive/', 'disk/any-edits', 'ext4/reader'];

class MachinesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const found = FIRST.findIndex((part) => moduleId.includes(part));
      return found === -1 ? FIRST.length : found;
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

const suite = (name: string, { timeoutSeconds, include, setupFiles = [] }: Suite) => ({
  extends: true as const,
  test: {
    name,
    include: include ?? [`test/${name}/**/*.test.ts`],
    globalSetup: ['test/tools/setup.ts'],
    setupFiles,
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    pool: 'forks' as const,
    tags: [LONG],
  },
});

/**
 * Unit tests and properties stand beside what they test; suites of interfaces and of the command line in `test/`.
 * Tests of the command line see the PATH of the machine, as users do.
 */
export default defineConfig({
  resolve: { alias },
  test: {
    // Many tests of the command line wait for a machine, for a disk, or for time to pass.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: MachinesFirst },
    projects: [
      suite('unit', {
        timeoutSeconds: 60,
        include: ['{src,cache,rules,guest,tools,test/tools}/**/*.test.ts'],
        setupFiles: ['test/tools/use.ts'],
      }),
      suite('contract', { timeoutSeconds: 120, setupFiles: ['test/tools/use.ts'] }),
      suite('property', { timeoutSeconds: 900 }),
      suite('security', { timeoutSeconds: 300 }),
      suite('e2e', { timeoutSeconds: 1500 }),
    ],
  },
});
