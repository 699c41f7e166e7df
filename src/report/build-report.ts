/** The build report: one JSON file that says what every action did. */
import type { BuildEvent, Check, Outcome } from '../model/event.ts';

/** One row of the report. */
export interface ReportedAction {
  readonly label: string;
  readonly mnemonic: string;
  /** `hash/size` of the encoded Action; null when an input failed before there was one. */
  readonly key: string | null;
  readonly outcome: Outcome;
  readonly durationMs: number;
}

export interface BuildReport {
  readonly success: boolean;
  readonly durationMs: number;
  readonly actions: readonly ReportedAction[];
  /** Of `--check`: one row for each action that ran again. */
  readonly checks?: readonly ReportedCheck[];
}

export type ReportedCheck = Omit<Check, 'diagnostic' | 'ordinal'>;

/** Collects the rows and counts of a build from its events. */
export class ReportCollector {
  readonly #actions: ReportedAction[] = [];
  readonly #checks: ReportedCheck[] = [];

  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'check-finished') return this.#check(event);
    if (event.type !== 'action-finished') return;
    const { label, mnemonic, key = null, outcome, durationMs } = event;
    this.#actions.push({ label, mnemonic, key, outcome, durationMs: Math.round(durationMs) });
  };

  #check({ label, mnemonic, key, run, of, outcome, differences }: Check): void {
    this.#checks.push({ label, mnemonic, key, run, of, outcome, differences });
  }

  counts(): Record<Outcome, number> {
    const counts = { executed: 0, cached: 0, failed: 0, skipped: 0 };
    for (const { outcome } of this.#actions) counts[outcome]++;
    return counts;
  }

  /** The report as JSON. */
  text(success: boolean, durationMs: number): string {
    const checks = this.#checks.length > 0 ? { checks: this.#checks } : {};
    const report: BuildReport = { success, durationMs: Math.round(durationMs), actions: this.#actions, ...checks };
    return `${JSON.stringify(report, null, 2)}\n`;
  }
}
