import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../../tests/support/until.ts';

/**
 * Whether processes may have real-time priority here. A far end stands for another machine, and a server usually has a
 * machine of its own: other work on this machine must not delay audio.
 */
export const realTime = spawnSync('chrt', ['--rr', '1', 'true']).status === 0;

/** Gives this process, which is a far end with audio, real-time priority; its child processes do not inherit it. */
export function runAsPeer(): void {
  if (realTime && !isPeer) spawnSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(process.pid)]);
  isPeer = true;
}
let isPeer = false;

/** Gives the media threads of a running server real-time priority. */
export async function runMediaInRealTime(pid: number): Promise<void> {
  if (!realTime) return;
  const threads = () => readdirSync(`/proc/${pid}/task`).filter((tid) => isMedia(pid, tid));
  await until(() => threads().length > 0, 'the media threads run');
  for (const tid of threads()) spawnSync('chrt', ['--rr', '--pid', '1', tid]);
}

const isMedia = (pid: number, tid: string): boolean =>
  readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim() === 'media';
