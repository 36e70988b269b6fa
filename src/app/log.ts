import { styleText } from 'node:util';
import { type DestinationStream, pino } from 'pino';
import type { Log } from '../core/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
/** `json`: one JSON object per line; `pretty`: readable lines for terminals. */
export type LogFormat = 'pretty' | 'json';

/** The most that waits for a slow or blocked reader. Further lines are lost, so that memory and calls are not. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** A stream that is written to without waiting, such as `process.stdout` when it is a pipe. */
export interface LogOutput {
  readonly writableLength: number;
  write(text: string): unknown;
}

/** Writes log lines to a reader that must not block the server. Reports how many lines were lost. */
function boundedStream(output: LogOutput): DestinationStream {
  let lost = 0;
  return {
    write(line) {
      if (output.writableLength + line.length > MAX_WAITING_BYTES) {
        lost++;
        return;
      }
      if (lost > 0) output.write(`{"level":"warn","lines":${lost},"msg":"log lines were lost"}\n`);
      lost = 0;
      output.write(line);
    },
  };
}

export interface LogOptions {
  /** Default: `json`. */
  format?: LogFormat;
  /** Default: stdout. */
  output?: LogOutput;
}

/** Creates a log. */
export function createLog(
  level: LogLevel,
  { format = 'json', output = process.stdout }: LogOptions = {},
): Log {
  // The reader of the log may disappear and come back (EPIPE).
  if (output === process.stdout) process.stdout.on('error', () => {});
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, boundedStream(format === 'pretty' ? prettyOutput(output) : output));
}

const prettyOutput = (output: LogOutput): LogOutput => ({
  get writableLength() {
    return output.writableLength;
  },
  write: (line) => output.write(prettyLine(line)),
});

const COLORS = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

/** Formats a JSON line of the log for people: `12:02:12.345 WARN  INVITE refused  status=403`. */
export function prettyLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const color = COLORS[level as keyof typeof COLORS] ?? 'white';
  const label = styleText(color, String(level).toUpperCase().padEnd(5));
  const clock = typeof time === 'string' ? `${time.slice(11, 23)} ` : '';
  const shown = Object.entries(fields).map(
    ([name, value]) => `${styleText('gray', `${name}=`)}${textOf(value)}`,
  );
  return `${[`${clock}${label} ${msg}`, ...shown].join('  ')}\n`;
}

/** Shows simple text as it is, and everything else as JSON. */
const textOf = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
