import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { Failure } from './failure.ts';
import { FairWorkers, type FairWorkersOptions } from './fair-workers.ts';
import { silentLog } from './log.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

/** Echoes its input; some inputs make it fail, die, or never reply. */
const PROGRAM = `
const { parentPort, threadId } = require('node:worker_threads');
parentPort.on('message', ({ id, input }) => {
  if (input === 'die') process.exit(1);
  if (input === 'throw') setImmediate(() => { throw new Error('a defect'); });
  else if (input === 'fail') parentPort.postMessage({ id, failure: { code: 'unsupported_sound', message: 'no sound' } });
  else if (input !== 'hang') parentPort.postMessage({ id, output: input + ' by ' + threadId });
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
  const failure = (reason: string) => new Failure('speech_failed', reason);
  workers = new FairWorkers({ clock, concurrency: 1, start, failure, log: silentLog, ...options });
  return workers;
}
afterEach(() => workers.close());

const run = (input: string, signal?: AbortSignal) => workers.run({ tenant: 'a', signal }, input);

test('one thread runs one job after the other', async () => {
  open();
  await workers.warm();
  const [one, other] = await Promise.all([run('one'), run('two')]);
  expect(one).toMatch(/^one by/);
  expect(other).toMatch(/^two by/);
  expect(started).toBe(1);
});

test('a failed job keeps its code, and the same thread runs the next job', async () => {
  open();
  const failing = expect(run('fail')).rejects.toMatchObject({ code: 'unsupported_sound' });
  await expect(run('next')).resolves.toMatch(/^next/);
  await failing;
  expect(started).toBe(1);
});

test.each(['die', 'throw'])(
  'a job that makes every thread %s fails after a second try, and other jobs succeed',
  async (input) => {
    open();
    const jobs = [run('before'), run(input), run('after')];
    await expect(jobs[0]).resolves.toMatch(/^before/);
    await expect(jobs[1]).rejects.toMatchObject({ code: 'speech_failed' });
    await expect(jobs[2]).resolves.toMatch(/^after/);
    expect(started).toBe(3);
  },
);

test('a job whose thread dies for another reason is run by the next thread', async () => {
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

test('a thread that does not reply in time is replaced', async () => {
  open({ maxTryMs: 5_000 });
  await workers.warm();
  const hung = expect(run('hang')).rejects.toMatchObject({ message: 'it took too long' });
  const next = run('next');
  await clock.advance(5_000);
  await hung;
  await expect(next).resolves.toMatch(/^next/);
  expect(started).toBe(2);
});

test('a thread that does not stop its aborted job within graceMs is replaced', async () => {
  open();
  await workers.warm();
  const hangup = new AbortController();
  const aborted = expect(run('hang', hangup.signal)).rejects.toThrow('hung up');
  const next = run('next');
  await clock.advance(0);
  hangup.abort(new Error('hung up'));
  await aborted;
  await clock.advance(1_000);
  await expect(next).resolves.toMatch(/^next/);
});

test('two jobs that wait for threads get one each', async () => {
  open({ concurrency: 2 });
  const hangup = new AbortController();
  const aborted = [run('hang', hangup.signal), run('hang', hangup.signal)].map((job) =>
    expect(job).rejects.toThrow('hung up'),
  );
  await clock.advance(0);
  hangup.abort(new Error('hung up'));
  await Promise.all(aborted);
  const next = Promise.all([run('one'), run('two')]);
  await clock.advance(1_000);
  await expect(next).resolves.toEqual([expect.stringMatching(/^one/), expect.stringMatching(/^two/)]);
});

test('a thread ends when it gets no job for a while, and the next job starts another', async () => {
  open({ idleMs: 60_000 });
  await run('one');
  await clock.advance(59_000);
  await run('two');
  await clock.advance(59_999);
  await expect(run('three')).resolves.toMatch(/^three/);
  expect(started).toBe(1);
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
  await expect(run('four')).resolves.toMatch(/^four/);
  expect(started).toBe(2);
});

test('a thread that is warmed shortly before it would end stays for the next job', async () => {
  open({ idleMs: 60_000 });
  await workers.warm();
  await clock.advance(59_999);
  await workers.warm();
  await clock.advance(59_999);
  await expect(run('one')).resolves.toMatch(/^one/);
  expect(started).toBe(1);
});

test('close terminates the threads, fails all jobs and refuses new ones', async () => {
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
