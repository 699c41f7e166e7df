import { defineConfig } from 'vitest/config';

const project = (name: string, timeoutSeconds: number, include = [`test/${name}/**/*.test.ts`]) => ({
  test: {
    name,
    include,
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: timeoutSeconds * 1000,
    pool: 'forks' as const,
  },
});

/** Unit tests and properties stand beside what they test; suites of interfaces and of the command line in `test/`. */
export default defineConfig({
  test: {
    projects: [
      project('unit', 30, ['{src,cache,rules,guest}/**/*.test.ts']),
      project('contract', 120),
      project('e2e', 1500),
    ],
  },
});
