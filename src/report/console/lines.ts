/** The lines that stay: what has begun, ended, failed, and the summary. */
import { actionId, type BuildEvent, type RemoteBytes } from '../../model/event.ts';
import { formatDiagnostic } from '../diagnostics.ts';
import { formatBytes, formatDuration, plural, type Palette } from '../format.ts';
import { printable, printableLines } from '../printable.ts';
import { hasEnded, nameOfSet } from './progress.ts';

type Of<Type extends BuildEvent['type']> = BuildEvent & { readonly type: Type };

/** The lines of an event, the same on a terminal and elsewhere; none for most. `quiet` leaves what went wrong. */
export function linesOf(event: BuildEvent, paint: Palette, quiet: boolean): string[] {
  switch (event.type) {
    case 'action-finished':
      return quiet ? [] : endLine(event, paint);
    case 'package-progress':
      return quiet ? [] : packagesLine(event, paint);
    case 'checks-started':
      return quiet ? [] : startedLines(event, paint);
    case 'check-finished':
      return checkLines(event, paint, quiet);
    case 'checks-finished':
      return quiet ? [] : [checkedLine(event, paint)];
    case 'action-retried':
      return [retryLine(event, paint)];
    case 'warning':
      return [`${paint.yellow('warning')} ${printableLines(event.message)}`];
    case 'note':
      return process.env['DSMB_DEBUG'] ? [paint.dim(`note ${printableLines(event.message)}`)] : [];
    case 'store-collected':
      return quiet ? [] : [collectedLine(event, paint)];
    case 'remote-sending':
      return quiet ? [] : [paint.dim(`remote cache: ${plural(event.results, 'result')} still to be sent`)];
    case 'remote-used':
      return quiet ? [] : remoteLines(event, paint);
    case 'output':
      return quiet ? [] : [`${paint.bold(printable(event.label))} ${paint.dim('→')} ${printable(event.path)}`];
    case 'build-finished':
      return quiet && event.success ? [] : [summary(event, paint)];
    default:
      return [];
  }
}

function endLine(event: Of<'action-finished'>, { green, red, dim }: Palette): string[] {
  if (event.outcome !== 'executed' && event.outcome !== 'failed') return [];
  const how = event.outcome === 'executed' ? green('done ') : red('fail ');
  const where = event.remote ? ', remote' : '';
  return [`${how} ${printable(actionId(event))} ${dim(`${formatDuration(event.durationMs)}${where}`)}`];
}

function packagesLine({ set, stage, durationMs = 0 }: Of<'package-progress'>, { green, red, dim }: Palette): string[] {
  if (!hasEnded(stage)) return [];
  const how = stage === 'ready' ? green('done ') : red('fail ');
  return [`${how} ${nameOfSet(set)} ${dim(formatDuration(durationMs))}`];
}

function remoteLines({ ran, taken, sent, read, written }: Of<'remote-used'>, { dim }: Palette): string[] {
  const all = ({ results, trees, files, largeFiles }: RemoteBytes): string =>
    formatBytes(results + trees + files + largeFiles);
  if (ran > 0) {
    const counts = [`${plural(ran, 'action')} run`, ...(taken > 0 ? [`${plural(taken, 'result')} taken`] : [])];
    return [dim(`remote executor: ${counts.join(', ')}; ${all(read)} read, ${all(written)} written`)];
  }
  const parts = [
    ...(taken > 0 ? [`${plural(taken, 'result')} taken, ${all(read)} read`] : []),
    ...(sent > 0 ? [`${plural(sent, 'result')} sent, ${all(written)} written`] : []),
  ];
  return parts.length > 0 ? [dim(`remote cache: ${parts.join('; ')}`)] : [];
}

function startedLines(
  { actions, runs, expectedMs, untimed, leftOut }: Of<'checks-started'>,
  { dim }: Palette,
): string[] {
  const time = untimed === runs ? 'never timed' : `${formatDuration(expectedMs)} of work by past durations`;
  const names = leftOut.map((action) => printable(actionId(action))).join(', ');
  return [
    `check ${plural(actions, 'action')}${actions > 0 ? `: ${runsEach(runs / actions)}, ${time}` : ''}`,
    ...(names ? [dim(`      left out, because it may differ; name its target to check it: ${names}`)] : []),
  ];
}

function runsEach(times: number): string {
  return times === 1 ? 'each runs once more' : `each runs ${times} times more, or until it differs`;
}

function checkLines(check: Of<'check-finished'>, paint: Palette, quiet: boolean): string[] {
  const { outcome, differences, diagnostic } = check;
  if (diagnostic) return [formatDiagnostic(diagnostic, paint)];
  if (quiet) return [];
  const name = `${printable(actionId(check))}${check.of > 1 ? paint.dim(` (run ${check.run} of ${check.of})`) : ''}`;
  if (outcome === 'same') return [`${paint.green('same ')} ${name}`];
  const where = differences.map((text) => `  ${paint.dim(printable(text))}`);
  return [`${paint.yellow('other')} ${name} differs, as it declares`, ...where];
}

function checkedLine({ runs, actions }: Of<'checks-finished'>, { bold, green, red }: Palette): string {
  const total = Object.values(actions).reduce((sum, count) => sum + count, 0);
  const words = {
    same: 'same',
    different: actions.different === 1 ? 'differs' : 'differ',
    declared: actions.declared === 1 ? 'differs as it declares' : 'differ as they declare',
    failed: 'failed',
    unfinished: 'not checked to the end',
  };
  const parts = Object.entries(words).flatMap(([name, word]) => {
    const count = actions[name as keyof typeof words];
    return count > 0 || name === 'same' ? [`${count} ${word}`] : [];
  });
  const tint = actions.different + actions.failed > 0 ? red : green;
  return `${bold(tint('checked'))} ${plural(total, 'action')} in ${plural(runs, 'run')}: ${parts.join(', ')}`;
}

function retryLine(event: Of<'action-retried'>, { yellow }: Palette): string {
  return `${yellow('again')} ${printable(actionId(event))}: ${printable(event.reason)} (try ${event.attempt})`;
}

function collectedLine({ removedBytes, keptBytes }: Of<'store-collected'>, { dim }: Palette): string {
  return dim(`store: ${formatBytes(removedBytes)} removed, ${formatBytes(keptBytes)} kept (dsmb gc --help)`);
}

function summary(event: Of<'build-finished'>, { green, red, yellow, bold }: Palette): string {
  const { executed, cached, failed, skipped } = event.counts;
  const parts = [`${executed} executed`, `${cached} cached`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  if (event.interrupted) {
    const next = event.interrupted === 'SIGINT' ? '; run the same command to continue' : '';
    return `${bold(yellow('interrupted'))} after ${formatDuration(event.durationMs)} (${executed} executed, ${cached} cached)${next}`;
  }
  const total = executed + cached + failed + skipped;
  const verdict = event.success ? green('build succeeded') : red('build failed');
  return `${bold(verdict)} in ${formatDuration(event.durationMs)}: ${plural(total, 'action')} (${parts.join(', ')})`;
}
