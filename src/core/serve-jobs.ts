import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { explain, Failure } from './failure.ts';
import type { JobAnswer } from './fair-workers.ts';

/**
 * The other side of `FairWorkers`: answers one order after the other, in a thread of its own.
 * @param nice 0 to 19: how much this thread gives way to the threads that carry calls.
 * @param afterwards runs when the answer is on its way.
 */
export function serveJobs<Order, Answer>(
  nice: number,
  work: (order: Order) => Answer | Promise<Answer>,
  afterwards = () => {},
): void {
  giveWay(nice);
  const port = parentPort!;
  const say = (answer: JobAnswer<Answer>) => port.postMessage(answer);
  port.on('message', async ({ order, job }: { order: number; job: Order }) => {
    try {
      say({ order, answer: await work(job) });
    } catch (error) {
      const code = error instanceof Failure ? error.code : undefined;
      say({ order, failure: { code, message: explain(error) } });
    }
    afterwards();
  });
  say({ ready: true });
}

/** Gives the calling thread a lower priority. On Linux each thread has its own; elsewhere it would be the process. */
function giveWay(nice: number): void {
  if (process.platform === 'linux') setPriority(0, nice);
}
