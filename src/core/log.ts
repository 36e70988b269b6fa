import { type DestinationStream, pino } from 'pino';

/** JSON lines, one child per call. Secrets are never passed to it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What waits for a reader that is slow or stands still; lines beyond it are lost, rather than memory or calls. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Somewhere to write without waiting, such as `process.stdout` when it is a pipe. */
export interface Outlet {
  readonly writableLength: number;
  write(text: string): unknown;
}

/** Lines of a log on their way to a reader who must not be able to hold up the work. Says how many were lost. */
export function patiently(outlet: Outlet): DestinationStream {
  let lost = 0;
  return {
    write(line) {
      if (outlet.writableLength + line.length > MAX_WAITING_BYTES) {
        lost++;
        return;
      }
      if (lost > 0) outlet.write(`{"level":"warn","lines":${lost},"msg":"lines of the log were lost"}\n`);
      lost = 0;
      outlet.write(line);
    },
  };
}

function stdout(): DestinationStream {
  // Who reads the log may go and come again (EPIPE).
  process.stdout.on('error', () => {});
  return patiently(process.stdout);
}

/** Writes to stdout unless another stream is given. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, destination ?? stdout());
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
