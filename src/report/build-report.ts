/** The build report: one JSON file for programs that show builds, with all that a build came to. */
import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { ActionIdentity, BuildEvent, Check, Outcome, Phase, RemoteBytes } from '../model/event.ts';
import { failureLog, successLog } from './action-log.ts';
import { printableJson } from './printable.ts';

/** The version of what the report holds: raised when a field changes its meaning or goes, not when one is added. */
const SCHEMA = 1;

type Of<Type extends BuildEvent['type']> = BuildEvent & { readonly type: Type };
type Counts = Readonly<Record<Outcome, number>>;

/** What is known of a build before it begins. */
export interface ReportHeader {
  /** The version of dsmb. */
  readonly dsmb: string;
  /** The name by which `dsmb why` knows it. */
  readonly build: string;
  readonly workspace: string;
  /** The value of each parameter, as people write it. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** One row of the report. */
export interface ReportedAction extends Omit<ActionIdentity, 'label'> {
  readonly label: string;
  /** `hash/size` of the encoded Action; null when an input failed before there was one. */
  readonly key: string | null;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** A worker of a server has run it. */
  readonly remote?: true;
  /** The file that has what it wrote; null where it wrote nothing, or did not run. */
  readonly log: string | null;
}

/** What went wrong, and with which action. The file is relative to the workspace where it lies there. */
export interface ReportedDiagnostic extends Diagnostic, Omit<ActionIdentity, 'label'> {
  readonly label: string;
}

export type ReportedCheck = Omit<Check, 'diagnostic' | 'ordinal'>;
export type ReportedOutput = Omit<Of<'output'>, 'type'>;

export interface ReportedRemote {
  /** Actions that workers have run. */
  readonly ran: number;
  readonly taken: number;
  readonly sent: number;
  readonly read: RemoteBytes;
  readonly written: RemoteBytes;
}

export interface BuildReport extends ReportHeader {
  readonly schema: typeof SCHEMA;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly success: boolean;
  readonly counts: Counts;
  /** Labels of what was asked for. */
  readonly targets: readonly string[];
  readonly outputs: readonly ReportedOutput[];
  readonly diagnostics: readonly ReportedDiagnostic[];
  readonly warnings: readonly string[];
  /** What each phase took, in milliseconds. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** In the order in which they ended. */
  readonly actions: readonly ReportedAction[];
  /** Where there is a remote cache: results that it gave and got, and bytes of content. */
  readonly remote?: ReportedRemote;
  /** Of `--check`: one row for each run. */
  readonly checks?: readonly ReportedCheck[];
}

/** Collects a build from its events. */
export class ReportCollector {
  readonly #store: Store;
  readonly #header: () => ReportHeader;
  readonly #counts = { executed: 0, cached: 0, failed: 0, skipped: 0 };
  readonly #actions: ReportedAction[] = [];
  readonly #checks: ReportedCheck[] = [];
  readonly #outputs: ReportedOutput[] = [];
  readonly #diagnostics: ReportedDiagnostic[] = [];
  readonly #warnings: string[] = [];
  readonly #phases: Partial<Record<Phase, number>> = {};
  #targets: readonly string[] = [];
  #remote: ReportedRemote | undefined;

  constructor(store: Store, header: () => ReportHeader) {
    this.#store = store;
    this.#header = header;
  }

  readonly listen = (event: BuildEvent): void => {
    switch (event.type) {
      case 'build-started':
        this.#targets = event.targets;
        return;
      case 'phase-finished':
        this.#phases[event.phase] = Math.round(event.durationMs);
        return;
      case 'action-finished':
        return this.#finished(event);
      case 'check-finished':
        return this.#checked(event);
      case 'output':
        return this.#output(event);
      case 'remote-used': {
        const { ran, taken, sent, read, written } = event;
        this.#remote = { ran, taken, sent, read, written };
        return;
      }
      case 'warning':
        return void this.#warnings.push(event.message);
      default:
    }
  };

  counts(): Counts {
    return { ...this.#counts };
  }

  /** The report as JSON. */
  text(success: boolean, durationMs: number): string {
    const header = this.#header();
    const report: BuildReport = {
      schema: SCHEMA,
      ...header,
      startedAt: Math.round(performance.timeOrigin + performance.now() - durationMs),
      durationMs: Math.round(durationMs),
      success,
      counts: this.#counts,
      targets: this.#targets,
      outputs: this.#outputs,
      diagnostics: this.#diagnostics.map((one) => withPathIn(header.workspace, one)),
      warnings: this.#warnings,
      phases: this.#phases,
      actions: this.#actions.map((action) => ({ ...action, log: this.#logOf(action) })),
      ...(this.#remote ? { remote: this.#remote } : {}),
      ...(this.#checks.length > 0 ? { checks: this.#checks } : {}),
    };
    return `${printableJson(report, 2)}\n`;
  }

  #finished(event: Of<'action-finished'>): void {
    const { label, mnemonic, ordinal, key = null, outcome, durationMs, remote, log = null, diagnostic } = event;
    this.#counts[outcome]++;
    const took = { durationMs: Math.round(durationMs), ...(remote ? { remote } : {}) };
    this.#actions.push({ label, mnemonic, ordinal, key, outcome, ...took, log });
    this.#say({ label, mnemonic, ordinal }, diagnostic);
  }

  #checked({ label, mnemonic, ordinal, key, run, of, outcome, differences, diagnostic }: Check): void {
    this.#checks.push({ label, mnemonic, key, run, of, outcome, differences });
    this.#say({ label, mnemonic, ordinal }, diagnostic);
  }

  #output({ label, path, digest, fresh }: Of<'output'>): void {
    this.#outputs.push({ label, path, digest, fresh });
  }

  #say(of: ActionIdentity, diagnostic: Diagnostic | undefined): void {
    if (!diagnostic) return;
    const { code, message, detail, hint, location } = diagnostic;
    const more = { ...(detail ? { detail } : {}), ...(hint ? { hint } : {}), ...(location ? { location } : {}) };
    this.#diagnostics.push({ ...of, code, message, ...more });
  }

  /** The file is looked for when the report is written: the log of what was just made is there then. */
  #logOf({ outcome, key, log }: ReportedAction): string | null {
    const path =
      outcome === 'executed' && log !== null
        ? successLog(this.#store, log)
        : outcome === 'failed' && key !== null
          ? failureLog(this.#store, key)
          : undefined;
    return path !== undefined && existsSync(path) ? path : null;
  }
}

/** Programs that show a diagnostic beside the source know the checkout, and not where it lay. */
function withPathIn(workspace: string, { location, ...diagnostic }: ReportedDiagnostic): ReportedDiagnostic {
  return { ...diagnostic, ...(location ? { location: inside(workspace, location) } : {}) };
}

function inside(workspace: string, { file, line, column }: Location): Location {
  const path = relative(workspace, file);
  return { file: path.startsWith('..') || isAbsolute(path) ? file : path, line, column };
}
