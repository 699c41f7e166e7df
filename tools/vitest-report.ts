/** What a JSON report of vitest says of a run. */
import { readFileSync } from 'node:fs';

/** One case, by its file. */
export interface Case {
  readonly file: string;
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'left';
}

export interface Run {
  readonly success: boolean;
  readonly cases: readonly Case[];
}

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly tags?: readonly string[];
    }[];
  }[];
}

/** Reads a report; what cannot be read is a run of nothing, which is not a success. */
export function readRun(file: string): Run {
  const { success, testResults } = read(file);
  const cases = testResults.flatMap((each) => {
    const found = each.assertionResults.map(({ status, fullName, tags = [] }): Case => {
      return { file: each.name, fullName, status: statusOf(status, tags) };
    });
    // A file that cannot be loaded, or whose set-up fails, has no failed case, and is a failure all the same.
    const broken = each.status === 'failed' && !found.some(({ status }) => status === 'failed');
    return broken
      ? [...found, { file: each.name, fullName: 'cannot be loaded or set up', status: 'failed' } as const]
      : found;
  });
  return { success, cases };
}

/** Long cases are skipped where not everything is run: they are left to the run of everything. */
function statusOf(status: string, tags: readonly string[]): Case['status'] {
  if (status === 'passed' || status === 'failed') return status;
  return tags.includes('long') && process.env['DSMB_TESTS'] !== 'all' ? 'left' : 'skipped';
}

function read(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { success: false, testResults: [] };
  }
}
