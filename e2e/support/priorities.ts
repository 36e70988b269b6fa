import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../../tests/support/until.ts';

/**
 * Whether programs may run in real time here: ahead of all others, whatever session those have. A far end is another
 * machine in real life, and a server has the machine for itself: how busy this one is must not delay sound.
 */
export const realTime = spawnSync('chrt', ['--rr', '1', 'true']).status === 0;

/** Has this process, which is a far end with sound itself, run in real time; what it starts does not. */
export function runAsPeer(): void {
  if (realTime && !isPeer) spawnSync('chrt', ['--rr', '--reset-on-fork', '--pid', '1', String(process.pid)]);
  isPeer = true;
}
let isPeer = false;

/** Has the media threads of a server, which is up, run in real time. */
export async function runMediaInRealTime(pid: number): Promise<void> {
  if (!realTime) return;
  const threads = () => readdirSync(`/proc/${pid}/task`).filter((tid) => isMedia(pid, tid));
  await until(() => threads().length > 0, 'the media threads run');
  for (const tid of threads()) spawnSync('chrt', ['--rr', '--pid', '1', tid]);
}

const isMedia = (pid: number, tid: string): boolean =>
  readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim() === 'media';
