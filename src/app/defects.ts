import {
  type Clock,
  type Defect,
  defectCounts,
  defects,
  explain,
  type Log,
  reportDefect,
} from '../core/index.ts';

/** At most one line per origin and second: a peer that can cause a defect must not be able to flood the log. */
const INTERVAL_MS = 1_000;

/**
 * Logs each defect with its origin and stack.
 * @returns a function that stops logging.
 */
export function logDefects(log: Log, clock: Clock): () => void {
  const lines = new Map<string, { at: number; omitted: number }>();
  return defects.on(({ origin, error }: Defect) => {
    const now = clock.monotonic();
    const line = lines.get(origin);
    if (line && now - line.at < INTERVAL_MS) {
      line.omitted++;
      return;
    }
    lines.set(origin, { at: now, omitted: 0 });
    const more = line?.omitted ? { more: line.omitted } : {};
    const stack = error instanceof Error ? error.stack?.split('\n').slice(1, 6).join('\n') : undefined;
    log.error({ origin, error: explain(error), ...more, stack }, 'a defect was contained; please report it');
  });
}

/** The metric of defects by origin. */
export const defectMetrics = {
  defects_total: {
    help: 'Errors that escaped their handler, by origin; each ended only what it belongs to',
    label: 'origin',
    values: () => [...defectCounts],
  },
};

/**
 * Keeps the process running after errors that no guard has caught, because all calls depend on it.
 *
 * Defects are logged until the process ends: without a listener, `reportDefect` would throw them again and again.
 */
export function surviveDefects(log: Log, clock: Clock): void {
  logDefects(log, clock);
  process.on('uncaughtException', (error, kind) => reportDefect(`process.${kind}`, error));
}
