import { expect, test } from 'vitest';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Insights } from './index.ts';
import type { InsightDeps } from './ports.ts';
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

/** A queue in memory without recordings, so that every job finishes at once. */
function queue(store: Partial<InsightDeps['store']>) {
  const jobs: Job[] = [];
  const finished: string[] = [];
  const deps = {
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
    concurrency: 2,
  };
  return { jobs, finished, insights: new Insights(deps as unknown as InsightDeps) };
}

test('runs a job that is added while the queue is being checked', async () => {
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

test('checks the queue again after it could not be read', async () => {
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
  'checks the queue once an hour when the next job is due at %d',
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

test('limits the running jobs of one customer', async () => {
  const jobs = ['app_1', 'app_2', 'app_1', 'app_2', 'app_3'].map((applicationId, i) => ({
    ...aJob(`rec_${i}`),
    applicationId,
  }));
  const started: string[] = [];
  const dueWithout = (except: string[] = []) => jobs.filter((job) => !except.includes(job.applicationId));
  const deps = {
    store: {
      releaseJobs: async () => {},
      claimJob: async (_node: number, _now: number, _until: number, except?: string[]) => {
        const job = dueWithout(except)[0];
        if (job) jobs.splice(jobs.indexOf(job), 1);
        return job;
      },
      holdJob: async () => {},
      backlog: async () => ({ waiting: jobs.length, running: 0, oldestAt: null }),
      nextDue: async (except?: string[]) => (dueWithout(except).length > 0 ? 0 : undefined),
    },
    recordings: {
      recording: (id: string) => {
        started.push(id);
        return new Promise(() => {});
      },
    },
    journal: { commit: async () => {} },
    clock,
    log: silentLog,
    node: 0,
    concurrency: 10,
    concurrencyPerCustomer: 2,
    // The first two applications are of one customer.
    siblings: (id: string) => (id === 'app_3' ? [id] : ['app_1', 'app_2']),
  };
  const insights = new Insights(deps as unknown as InsightDeps);
  await insights.start();
  await clock.advance(1_000);
  expect(started).toEqual(['rec_0', 'rec_1', 'rec_4']);
  // Only the leases of the three jobs have timers: the queue is not checked again and again.
  expect(clock.pending).toBe(3);
});
