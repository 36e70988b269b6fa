import { expect, test } from 'vitest';
import { silentLog, VirtualClock } from '../kit/index.ts';
import { Insights } from './index.ts';
import type { InsightPorts } from './ports.ts';
import type { Job } from './store.ts';

const clock = new VirtualClock();

const aJob = (recordingId: string): Job => ({
  recordingId,
  callId: 'call_1',
  applicationId: 'app_1',
  createdAt: 0,
  dueAt: 0,
  attempts: 1,
  claim: 1,
  node: 0,
  lastError: null,
});

/** A queue in memory whose recordings are gone, so that every job that is taken is finished at once. */
function queue(store: Partial<InsightPorts['store']>) {
  const jobs: Job[] = [];
  const finished: string[] = [];
  const ports = {
    store: {
      releaseJobs: async () => {},
      claimJob: async () => jobs.shift(),
      holdJob: async () => {},
      backlog: async () => ({ waiting: jobs.length, running: 0, oldestAt: null }),
      nextDue: async () => undefined,
      ...store,
    },
    recordings: { recording: async () => undefined },
    journal: {
      commit: async ({ insights }: { insights: { holder: Job } }) => {
        finished.push(insights.holder.recordingId);
      },
    },
    clock,
    log: silentLog,
    node: 0,
    atOnce: 2,
  };
  return { jobs, finished, insights: new Insights(ports as unknown as InsightPorts) };
}

test('takes a job that is put in the queue while the queue is being looked at', async () => {
  let looks = 0;
  const { jobs, finished, insights } = queue({
    async backlog() {
      looks += 1;
      if (looks === 1) {
        jobs.push(aJob('rec_late'));
        insights.wake();
      }
      return { waiting: 0, running: 0, oldestAt: null };
    },
  });
  await insights.start();
  await insights.settled();
  expect(finished).toEqual(['rec_late']);
  await insights.close();
});

test('comes back after the queue could not be read', async () => {
  let broken = true;
  const { jobs, finished, insights } = queue({
    async backlog() {
      if (broken) throw new Error('disk I/O error');
      return { waiting: 0, running: 0, oldestAt: null };
    },
  });
  await insights.start();
  await insights.settled();
  broken = false;
  jobs.push(aJob('rec_1'));
  await clock.advance(5_000);
  await insights.settled();
  expect(finished).toEqual(['rec_1']);
  await insights.close();
});

test.each([Number.NaN, 9e15, Number.POSITIVE_INFINITY])(
  'looks at the queue once an hour when the next job is due at %d',
  async (due) => {
    let looks = 0;
    const { insights } = queue({
      async nextDue() {
        looks += 1;
        return due;
      },
    });
    await insights.start();
    await insights.settled();
    await clock.advance(2.5 * 3_600_000);
    expect(looks).toBe(3);
    await insights.close();
  },
);
