import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isReady, launch } from '../../e2e/support/server.ts';
import { systemClock } from '../../src/core/index.ts';

/**
 * Starts the server and kills it (`kill -9`) before it is ready: after a number of milliseconds, or at the first log
 * line for which `at` returns true. @returns the lines that it wrote until then.
 */
export async function cutShort(
  dataDir: string,
  ms: number,
  at: (line: string) => boolean,
): Promise<string[]> {
  const child = launch(dataDir);
  const lines: string[] = [];
  const kill = () => child.kill('SIGKILL');
  const timer = systemClock.after(ms, kill);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    if (isReady(line) || at(line)) kill();
  });
  child.stderr!.resume();
  await once(child, 'close');
  timer.cancel();
  return lines;
}
