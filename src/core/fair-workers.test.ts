import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { Failure } from './failure.ts';
import { FairWorkers, type FairWorkersOptions } from './fair-workers.ts';
import { silentLog } from './log.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

/** Echoes its order; some orders make it fail, die, or never answer. */
const PROGRAM = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', ({ order, job }) => {
  if (job === 'die') process.exit(1);
  if (job === 'throw') setImmediate(() => { throw new Error('a defect'); });
  else if (job === 'fail') parentPort.postMessage({ order, failure: { code: 'unsupported_sound', message: 'no sound' } });
  else if (job !== 'hang') parentPort.postMessage({ order, answer: job + ' by ' + threadId });
});
parentPort.postMessage({ ready: true });`;

let workers: FairWorkers<string, string>;
let clock: VirtualClock;
let started: number;

function open(options: Partial<FairWorkersOptions> = {}) {
  clock = new VirtualClock();
  started = 0;
  const start = () => {
    started++;
    return new Worker(PROGRAM, { eval: true });
  };
  const failure = (why: string) => new Failure('speech_failed', why);
  workers = new FairWorkers({ clock, atOnce: 1, start, failure, log: silentLog, ...options });
  return workers;
}
afterEach(() => workers.close());

const run = (order: string, signal?: AbortSignal) => workers.run({ tenant: 'a', signal }, order);

test('one thread does one job after the other', async () => {
  open();
  await workers.warm();
  const [one, other] = await Promise.all([run('one'), run('two')]);
  expect(one).toMatch(/^one by/);
  expect(other).toMatch(/^two by/);
  expect(started).toBe(1);
});

test('a job that fails has its code, and the next one is done by the same thread', async () => {
  open();
  const failing = expect(run('fail')).rejects.toMatchObject({ code: 'unsupported_sound' });
  await expect(run('next')).resolves.toMatch(/^next/);
  await failing;
  expect(started).toBe(1);
});

test.each(['die', 'throw'])(
  'a job that makes every thread %s fails alone, after a second try',
  async (order) => {
    open();
    const jobs = [run('before'), run(order), run('after')];
    await expect(jobs[0]).resolves.toMatch(/^before/);
    await expect(jobs[1]).rejects.toMatchObject({ code: 'speech_failed' });
    await expect(jobs[2]).resolves.toMatch(/^after/);
    expect(started).toBe(3);
  },
);

test('a job whose thread dies for another reason is done by the next thread', async () => {
  let dying = true;
  open({
    start: () => {
      const program = dying ? PROGRAM.replace("'die'", "'fine'") : PROGRAM;
      dying = false;
      return new Worker(program, { eval: true });
    },
  });
  await expect(run('fine')).resolves.toMatch(/^fine/);
});

test('a thread that does not answer in time is replaced', async () => {
  open({ maxTryMs: 5_000 });
  await workers.warm();
  const hung = expect(run('hang')).rejects.toMatchObject({ message: 'it took too long' });
  const next = run('next');
  await clock.advance(5_000);
  await hung;
  await expect(next).resolves.toMatch(/^next/);
  expect(started).toBe(2);
});

test('a job that nobody wants any more does not hold the thread for longer than a moment', async () => {
  open();
  await workers.warm();
  const hangup = new AbortController();
  const unwanted = expect(run('hang', hangup.signal)).rejects.toThrow('hung up');
  const next = run('next');
  await clock.advance(0);
  hangup.abort(new Error('hung up'));
  await unwanted;
  await clock.advance(1_000);
  await expect(next).resolves.toMatch(/^next/);
});

test('two jobs that wait for threads to be given back get one each', async () => {
  open({ atOnce: 2 });
  const hangup = new AbortController();
  const unwanted = [run('hang', hangup.signal), run('hang', hangup.signal)].map((job) =>
    expect(job).rejects.toThrow('hung up'),
  );
  await clock.advance(0);
  hangup.abort(new Error('hung up'));
  await Promise.all(unwanted);
  const next = Promise.all([run('one'), run('two')]);
  await clock.advance(1_000);
  await expect(next).resolves.toEqual([expect.stringMatching(/^one/), expect.stringMatching(/^two/)]);
});

test('closing ends the threads, fails what is there, and takes nothing more', async () => {
  open();
  await workers.warm();
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const jobs = [run('hang'), run('waits')].map((job) =>
    expect(job).rejects.toMatchObject({ code: 'speech_failed' }),
  );
  await clock.advance(0);
  await workers.close();
  await Promise.all(jobs);
  await expect(run('late')).rejects.toMatchObject({ code: 'speech_failed' });
  expect(terminate).toHaveBeenCalledTimes(1);
  terminate.mockRestore();
});
