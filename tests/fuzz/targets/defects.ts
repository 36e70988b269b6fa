import type { Log } from '../../../src/core/index.ts';

/** A log that keeps what is logged as an error: a defect, since strangers must not be able to cause one. */
export function defectsIn(defects: string[]): Log {
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields, message) => void defects.push(`${message}: ${JSON.stringify(fields)}`),
    child: () => log,
  };
  return log;
}
