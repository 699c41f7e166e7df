import { defineConfig } from 'vitest/config';

interface Suite {
  readonly timeoutSeconds: number;
  readonly include?: string[];
  readonly setupFiles?: string[];
}

const suite = (name: string, { timeoutSeconds, include, setupFiles = [] }: Suite) => ({
  test: {
    name,
    include: include ?? [`test/${name}/**/*.test.ts`],
    globalSetup: ['test/tools/setup.ts'],
    setupFiles,
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    pool: 'forks' as const,
  },
});

/**
 * Unit tests and properties stand beside what they test; suites of interfaces and of the command line in `test/`.
 * Tests of the command line see the PATH of the machine, as users do.
 */
export default defineConfig({
  test: {
    projects: [
      suite('unit', {
        timeoutSeconds: 30,
        include: ['{src,cache,rules,guest,tools,test/tools}/**/*.test.ts'],
        setupFiles: ['test/tools/use.ts'],
      }),
      suite('contract', { timeoutSeconds: 120, setupFiles: ['test/tools/use.ts'] }),
      suite('property', { timeoutSeconds: 900 }),
      suite('e2e', { timeoutSeconds: 1500 }),
    ],
  },
});
