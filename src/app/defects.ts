import {
  type Clock,
  type Defect,
  defectCounts,
  defects,
  explain,
  type Log,
  reportDefect,
} from '../core/index.ts';

/** One line per origin and second: whoever can provoke a defect must not be able to fill the log with it. */
const QUIET_MS = 1_000;

/**
 * Logs what escapes an entry point, with its origin and where it was thrown.
 * @returns what ends it.
 */
export function logDefects(log: Log, clock: Clock): () => void {
  const lines = new Map<string, { at: number; unsaid: number }>();
  return defects.on(({ origin, error }: Defect) => {
    const now = clock.monotonic();
    const line = lines.get(origin);
    if (line && now - line.at < QUIET_MS) {
      line.unsaid++;
      return;
    }
    lines.set(origin, { at: now, unsaid: 0 });
    const more = line?.unsaid ? { more: line.unsaid } : {};
    const stack = error instanceof Error ? error.stack?.split('\n').slice(1, 6).join('\n') : undefined;
    log.error({ origin, error: explain(error), ...more, stack }, 'a defect was contained; please report it');
  });
}

/** The metric of it. */
export const defectFigures = {
  defects_total: {
    help: 'Errors that escaped their handler, by origin; each ended only what it belongs to',
    label: 'origin',
    values: () => [...defectCounts],
  },
};

/**
 * The last resort, for what no guard has caught: such an error ends nothing, because the calls of everybody depend on
 * this process. Defects are logged from now on until the process ends, so that no error is thrown again without end.
 */
export function surviveDefects(log: Log, clock: Clock): void {
  logDefects(log, clock);
  process.on('uncaughtException', (error, kind) => reportDefect(`process.${kind}`, error));
}
