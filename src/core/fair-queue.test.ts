import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { Failure } from './failure.ts';
import { FairQueue, type FairQueueLimits, type Job, type RunningJob } from './fair-queue.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

let clock: VirtualClock;
let done: string[];

beforeEach(() => {
  clock = new VirtualClock();
  done = [];
});

const open = (limits: Partial<FairQueueLimits> = {}) =>
  new FairQueue({ clock, concurrency: 1, ...limits, failure: (reason) => new Failure('overloaded', reason) });

/** Queues a job that takes `ms` milliseconds and then adds its name to `done`. */
function add(queue: FairQueue, name: string, ms: number, job: Partial<Job> = {}) {
  const result = queue.run({ tenant: name[0]!, ...job }, async ({ signal }) => {
    await sleep(clock, ms, signal);
    done.push(name);
    return `${name} done`;
  });
  result.catch(() => {});
  return result;
}

const addAll = (queue: FairQueue, names: string[], ms: number, job: Partial<Job> = {}) =>
  names.map((name) => add(queue, name, ms, job));
const names = (tenant: string, count: number) => Array.from({ length: count }, (_, i) => `${tenant}${i}`);

describe('fairness', () => {
  it('lets one job of a tenant wait for only one of 300 jobs of another tenant', async () => {
    const queue = open();
    addAll(queue, names('a', 300), 200);
    add(queue, 'b0', 200);
    await clock.advance(400);
    expect(done).toEqual(['a0', 'b0']);
  });

  it('divides the running time, not the number of jobs', async () => {
    const queue = open();
    addAll(queue, names('a', 20), 1000);
    addAll(queue, names('b', 100), 100);
    await clock.advance(10_000);
    const ms = { a: 0, b: 0 };
    for (const name of done) ms[name[0] as 'a' | 'b'] += name.startsWith('a') ? 1000 : 100;
    expect(Math.abs(ms.a - ms.b)).toBeLessThanOrEqual(1000);
  });

  it('alternates between tenants when jobs take no time', async () => {
    const queue = open();
    addAll(queue, names('a', 300), 0);
    add(queue, 'b0', 0);
    await clock.advance(0);
    expect(done.indexOf('b0')).toBe(1);
  });

  it('runs a job of every tenant before it runs two of the same', async () => {
    const queue = open({ concurrency: 3 });
    addAll(queue, names('a', 10), 100);
    addAll(queue, [...names('b', 10), ...names('c', 10)], 100);
    await clock.advance(200);
    expect(done.slice(3).sort()).toEqual(['a3', 'b0', 'c0']);
  });

  it('keeps capacity free for others with concurrencyPerTenant', async () => {
    const queue = open({ concurrency: 4, concurrencyPerTenant: 2 });
    addAll(queue, names('a', 10), 100_000);
    add(queue, 'b0', 10);
    await clock.advance(10);
    expect(done).toEqual(['b0']);
    expect(queue.load).toEqual({ running: 2, waiting: 8 });
  });

  it('alternates between the lanes of a tenant', async () => {
    const queue = open();
    addAll(queue, names('a', 100), 10, { lane: 'one' });
    add(queue, 'a-other', 10, { lane: 'two' });
    await clock.advance(30);
    expect(done).toContain('a-other');
  });

  it('does not let a tenant catch up on time in which it had no jobs', async () => {
    const queue = open();
    addAll(queue, names('a', 50), 100);
    await clock.advance(2_000);
    done.length = 0;
    addAll(queue, names('b', 50), 100);
    await clock.advance(1_000);
    expect(done.filter((name) => name.startsWith('a')).length).toBeGreaterThan(3);
  });
});

describe('a job without callers', () => {
  it('is dropped while it waits', async () => {
    const queue = open();
    const hangup = new AbortController();
    const dropped = addAll(queue, names('a', 300), 200, { signal: hangup.signal });
    const kept = add(queue, 'a-kept', 200);
    hangup.abort(new Error('hung up'));
    for (const one of dropped) await expect(one).rejects.toThrow('hung up');
    await clock.advance(200);
    await expect(kept).resolves.toBe('a-kept done');
    expect(done).toEqual(['a-kept']);
  });

  it('does not start when its signal also aborts the running job', async () => {
    const queue = open();
    const hangup = new AbortController();
    let started = 0;
    for (let i = 0; i < 1000; i++) {
      const job = { tenant: 'a', signal: hangup.signal };
      queue.run(job, async () => sleep(clock, 1000 + started++)).catch(() => {});
    }
    await clock.advance(10);
    hangup.abort(new Error('hung up'));
    await clock.advance(10);
    expect(started).toBe(1);
    expect(queue.load).toEqual({ running: 0, waiting: 0 });
  });

  it('is aborted while it runs, and the next job starts at once', async () => {
    const queue = open();
    const hangup = new AbortController();
    add(queue, 'a0', 60_000, { signal: hangup.signal });
    add(queue, 'b0', 10);
    await clock.advance(10);
    hangup.abort(new Error('hung up'));
    await clock.advance(10);
    expect(done).toEqual(['b0']);
    expect(clock.pending).toBe(0);
  });

  it('does not start when its signal is already aborted', async () => {
    const queue = open();
    await expect(add(queue, 'a0', 1, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    await clock.advance(10);
    expect(done).toEqual([]);
  });
});

describe('jobs with the same key', () => {
  it('run once for all callers that join while the job waits or runs', async () => {
    const queue = open();
    add(queue, 'x0', 50);
    const results = [add(queue, 'a0', 10, { key: 'k' }), add(queue, 'b0', 10, { key: 'k' })];
    await clock.advance(55);
    results.push(add(queue, 'c0', 10, { key: 'k' }));
    await clock.advance(100);
    expect(await Promise.all(results)).toEqual(Array(3).fill('a0 done'));
    expect(done).toEqual(['x0', 'a0']);
  });

  it('run as soon as it is the turn of any caller', async () => {
    const queue = open();
    addAll(queue, names('a', 100), 100);
    add(queue, 'a-shared', 100, { key: 'k' });
    add(queue, 'b0', 100, { key: 'k' });
    await clock.advance(200);
    expect(done).toEqual(['a0', 'a-shared']);
  });

  it('continue while a caller is left', async () => {
    const queue = open();
    const hangup = new AbortController();
    const gone = add(queue, 'a0', 100, { key: 'k', signal: hangup.signal });
    const stays = add(queue, 'b0', 100, { key: 'k' });
    await clock.advance(50);
    hangup.abort(new Error('hung up'));
    await expect(gone).rejects.toThrow('hung up');
    await clock.advance(50);
    await expect(stays).resolves.toBe('a0 done');
  });

  it('fail for all callers, and run again for a later caller', async () => {
    const queue = open();
    const failing = () => queue.run({ tenant: 'a', key: 'k' }, () => Promise.reject(new Error('broken')));
    const [one, other] = [failing(), failing()];
    await expect(one).rejects.toThrow('broken');
    await expect(other).rejects.toThrow('broken');
    await clock.advance(1);
    const later = add(queue, 'a0', 10, { key: 'k' });
    await clock.advance(10);
    await expect(later).resolves.toBe('a0 done');
  });
});

describe('limits', () => {
  it('a job that rejects or throws does not affect other jobs', async () => {
    const queue = open();
    const broken = queue.run({ tenant: 'a' }, () => {
      throw new Error('broken');
    });
    const fine = add(queue, 'a1', 10);
    await expect(broken).rejects.toThrow('broken');
    await clock.advance(10);
    await expect(fine).resolves.toBe('a1 done');
  });

  it('a job that never ends fails after maxRunMs, and the next one starts', async () => {
    const queue = open({ maxRunMs: 5_000 });
    const hung = queue.run({ tenant: 'a' }, () => new Promise(() => {}));
    hung.catch(() => {});
    add(queue, 'b0', 10);
    await clock.advance(5_010);
    await expect(hung).rejects.toMatchObject({ code: 'overloaded', message: 'it took too long' });
    expect(done).toEqual(['b0']);
  });

  it('a job that reads its signal only after it was stopped finds it aborted', async () => {
    const queue = open({ maxRunMs: 5_000 });
    let signal: AbortSignal | undefined;
    const late = async (running: RunningJob) => {
      await sleep(clock, 6_000);
      signal = running.signal;
    };
    queue.run({ tenant: 'a' }, late).catch(() => {});
    await clock.advance(6_000);
    expect(signal?.aborted).toBe(true);
  });

  it('a job that has finished is not aborted', async () => {
    const queue = open();
    let signal: AbortSignal | undefined;
    await queue.run({ tenant: 'a' }, async (running) => {
      signal = running.signal;
    });
    expect(signal?.aborted).toBe(false);
  });

  it('says whether a job would start at once', async () => {
    const queue = open({ concurrency: 2, concurrencyPerTenant: 1 });
    expect(queue.isFree('a')).toBe(true);
    addAll(queue, names('a', 2), 10);
    expect([queue.isFree('a'), queue.isFree('b')]).toEqual([false, true]);
    add(queue, 'b0', 10);
    expect(queue.isFree('c')).toBe(false);
    await clock.advance(20);
    expect(queue.isFree('a')).toBe(true);
  });

  it('a job that waits longer than maxWaitMs fails', async () => {
    const queue = open({ maxWaitMs: 1_000 });
    add(queue, 'a0', 5_000);
    const late = add(queue, 'a1', 10);
    await clock.advance(1_000);
    await expect(late).rejects.toThrow('it waited too long');
    await clock.advance(5_000);
    expect(done).toEqual(['a0']);
  });

  it('maxWaitingPerTenant does not affect other tenants', async () => {
    const queue = open({ maxWaitingPerTenant: 3 });
    const results = addAll(queue, names('a', 5), 10);
    await expect(results[4]).rejects.toThrow('too many jobs');
    const other = add(queue, 'b0', 10);
    await clock.advance(100);
    await expect(other).resolves.toBe('b0 done');
    expect(done).toHaveLength(5);
  });

  it('the bytes of one tenant and of all tenants are limited', async () => {
    const queue = open({ maxBytesPerTenant: 10, maxBytes: 15 });
    const first = add(queue, 'a0', 10, { bytes: 8 });
    await expect(add(queue, 'a1', 10, { bytes: 3 })).rejects.toThrow('bytes of this customer');
    await expect(add(queue, 'b0', 10, { bytes: 8 })).rejects.toThrow('too many bytes');
    await clock.advance(10);
    await first;
    const again = add(queue, 'b1', 10, { bytes: 10 });
    await clock.advance(10);
    await expect(again).resolves.toBe('b1 done');
  });

  it('a closed queue fails waiting jobs and refuses new ones', async () => {
    const queue = open();
    const results = addAll(queue, names('a', 3), 1_000);
    await clock.advance(10);
    queue.close();
    for (const one of results) await expect(one).rejects.toThrow('closed');
    await expect(add(queue, 'b0', 1)).rejects.toThrow('closed');
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});

it('runs a job of a tenant that was forgotten while a job it shared was running', async () => {
  const queue = open({ concurrency: 1 });
  const shared = [add(queue, 'a0', 10, { key: 'k' }), add(queue, 'b0', 10, { key: 'k' })];
  const abort = new AbortController();
  const aborted = add(queue, 'b1', 10, { signal: abort.signal });
  abort.abort(new Error('gone'));
  await expect(aborted).rejects.toThrow('gone');
  const later = add(queue, 'b2', 10);
  await clock.advance(20);
  await Promise.all(shared);
  await expect(later).resolves.toBe('b2 done');
});

it('settles every job exactly once, respects the concurrency, and is empty afterwards', async () => {
  const job = fc.record({
    tenant: fc.constantFrom('a', 'b', 'c'),
    key: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
    ms: fc.integer({ min: 0, max: 50 }),
    after: fc.integer({ min: 0, max: 100 }),
    abortAfter: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (jobs, concurrency) => {
        clock = new VirtualClock();
        const queue = open({ concurrency, maxRunMs: 40 });
        let most = 0;
        let settled = 0;
        for (const { tenant, key, ms, after, abortAfter, fails } of jobs) {
          clock.after(after, () => {
            const abort = new AbortController();
            if (abortAfter !== undefined) clock.after(abortAfter, () => abort.abort(new Error('gone')));
            const work = async ({ signal }: RunningJob) => {
              most = Math.max(most, queue.load.running);
              await sleep(clock, ms, signal);
              if (fails) throw new Error('broken');
            };
            const count = () => void settled++;
            queue.run({ tenant, key, signal: abort.signal }, work).then(count, count);
          });
        }
        await clock.advance(10_000);
        expect(settled).toBe(jobs.length);
        expect(most).toBeLessThanOrEqual(concurrency);
        expect(queue.load).toEqual({ running: 0, waiting: 0 });
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
