/** Prints what a JSON report of vitest counts: `N passed, N failed`, and how many were skipped, each with its name. */
import { readFileSync } from 'node:fs';

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function read(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { success: false, testResults: [] };
  }
}

const { success, testResults } = read(process.argv[2] ?? '');
const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
const count = (...wanted: string[]) => tests.filter(({ status }) => wanted.includes(status)).length;
// A file that cannot be loaded has no tests, and is a failure all the same.
const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const passed = count('passed');
const failed = count('failed') + brokenFiles.length;
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = success && passed > 0 && failed === 0 ? 0 : 1;
