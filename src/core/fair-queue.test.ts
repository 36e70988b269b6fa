import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { Failure } from './failure.ts';
import { FairQueue, type FairQueueLimits, type Job } from './fair-queue.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

let clock: VirtualClock;
let done: string[];

beforeEach(() => {
  clock = new VirtualClock();
  done = [];
});

const open = (limits: Partial<FairQueueLimits> = {}) =>
  new FairQueue({ clock, atOnce: 1, ...limits, failure: (why) => new Failure('overloaded', why) });

/** Asks for a job that takes so long, and notes when it is done. */
function ask(queue: FairQueue, name: string, ms: number, job: Partial<Job> = {}) {
  const result = queue.run({ tenant: name[0]!, ...job }, async (signal) => {
    await sleep(clock, ms, signal);
    done.push(name);
    return `${name} done`;
  });
  result.catch(() => {});
  return result;
}

const all = (queue: FairQueue, names: string[], ms: number, job: Partial<Job> = {}) =>
  names.map((name) => ask(queue, name, ms, job));
const names = (tenant: string, count: number) => Array.from({ length: count }, (_, i) => `${tenant}${i}`);

describe('fairness', () => {
  it('lets a tenant that asks for one job wait for one job of a tenant that asks for 300', async () => {
    const queue = open();
    all(queue, names('a', 300), 200);
    ask(queue, 'b0', 200);
    await clock.advance(400);
    expect(done).toEqual(['a0', 'b0']);
  });

  it('divides the running time, not the number of jobs', async () => {
    const queue = open();
    all(queue, names('a', 20), 1000);
    all(queue, names('b', 100), 100);
    await clock.advance(10_000);
    const ms = { a: 0, b: 0 };
    for (const name of done) ms[name[0] as 'a' | 'b'] += name.startsWith('a') ? 1000 : 100;
    expect(Math.abs(ms.a - ms.b)).toBeLessThanOrEqual(1000);
  });

  it('lets tenants take turns with jobs that take no time', async () => {
    const queue = open();
    all(queue, names('a', 300), 0);
    ask(queue, 'b0', 0);
    await clock.advance(0);
    expect(done.indexOf('b0')).toBe(1);
  });

  it('gives every tenant a place before it gives one of them two', async () => {
    const queue = open({ atOnce: 3 });
    all(queue, names('a', 10), 100);
    all(queue, [...names('b', 10), ...names('c', 10)], 100);
    await clock.advance(200);
    expect(done.slice(3).sort()).toEqual(['a3', 'b0', 'c0']);
  });

  it('keeps places free for others where a tenant may not have all of them', async () => {
    const queue = open({ atOnce: 4, atOncePerTenant: 2 });
    all(queue, names('a', 10), 100_000);
    ask(queue, 'b0', 10);
    await clock.advance(10);
    expect(done).toEqual(['b0']);
    expect(queue.load).toEqual({ running: 2, waiting: 8 });
  });

  it('lets the lanes of a tenant take turns', async () => {
    const queue = open();
    all(queue, names('a', 100), 10, { lane: 'one' });
    ask(queue, 'a-other', 10, { lane: 'two' });
    await clock.advance(30);
    expect(done).toContain('a-other');
  });

  it('does not let a tenant catch up on time that it did not ask for', async () => {
    const queue = open();
    all(queue, names('a', 50), 100);
    await clock.advance(2_000);
    done.length = 0;
    all(queue, names('b', 50), 100);
    await clock.advance(1_000);
    expect(done.filter((name) => name.startsWith('a')).length).toBeGreaterThan(3);
  });
});

describe('work that is not wanted any more', () => {
  it('is dropped while it waits', async () => {
    const queue = open();
    const hangup = new AbortController();
    const dropped = all(queue, names('a', 300), 200, { signal: hangup.signal });
    const kept = ask(queue, 'a-kept', 200);
    hangup.abort(new Error('hung up'));
    for (const one of dropped) await expect(one).rejects.toThrow('hung up');
    await clock.advance(200);
    await expect(kept).resolves.toBe('a-kept done');
    expect(done).toEqual(['a-kept']);
  });

  it('is not begun while the signal that aborts it also aborts what runs', async () => {
    const queue = open();
    const hangup = new AbortController();
    let begun = 0;
    for (let i = 0; i < 1000; i++) {
      const job = { tenant: 'a', signal: hangup.signal };
      queue.run(job, async () => sleep(clock, 1000 + begun++)).catch(() => {});
    }
    await clock.advance(10);
    hangup.abort(new Error('hung up'));
    await clock.advance(10);
    expect(begun).toBe(1);
    expect(queue.load).toEqual({ running: 0, waiting: 0 });
  });

  it('is aborted while it runs, and its place is free at once', async () => {
    const queue = open();
    const hangup = new AbortController();
    ask(queue, 'a0', 60_000, { signal: hangup.signal });
    ask(queue, 'b0', 10);
    await clock.advance(10);
    hangup.abort(new Error('hung up'));
    await clock.advance(10);
    expect(done).toEqual(['b0']);
    expect(clock.pending).toBe(0);
  });

  it('is never begun when it was not wanted from the beginning', async () => {
    const queue = open();
    await expect(ask(queue, 'a0', 1, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    await clock.advance(10);
    expect(done).toEqual([]);
  });
});

describe('identical work', () => {
  it('is done once for all who ask while it waits or runs', async () => {
    const queue = open();
    ask(queue, 'x0', 50);
    const results = [ask(queue, 'a0', 10, { key: 'k' }), ask(queue, 'b0', 10, { key: 'k' })];
    await clock.advance(55);
    results.push(ask(queue, 'c0', 10, { key: 'k' }));
    await clock.advance(100);
    expect(await Promise.all(results)).toEqual(Array(3).fill('a0 done'));
    expect(done).toEqual(['x0', 'a0']);
  });

  it('runs as soon as it is the turn of any of those who ask', async () => {
    const queue = open();
    all(queue, names('a', 100), 100);
    ask(queue, 'a-shared', 100, { key: 'k' });
    ask(queue, 'b0', 100, { key: 'k' });
    await clock.advance(200);
    expect(done).toEqual(['a0', 'a-shared']);
  });

  it('goes on while anybody wants it', async () => {
    const queue = open();
    const hangup = new AbortController();
    const gone = ask(queue, 'a0', 100, { key: 'k', signal: hangup.signal });
    const stays = ask(queue, 'b0', 100, { key: 'k' });
    await clock.advance(50);
    hangup.abort(new Error('hung up'));
    await expect(gone).rejects.toThrow('hung up');
    await clock.advance(50);
    await expect(stays).resolves.toBe('a0 done');
  });

  it('fails for all who asked, and is tried anew by whoever asks later', async () => {
    const queue = open();
    const failing = () => queue.run({ tenant: 'a', key: 'k' }, () => Promise.reject(new Error('broken')));
    const [one, other] = [failing(), failing()];
    await expect(one).rejects.toThrow('broken');
    await expect(other).rejects.toThrow('broken');
    await clock.advance(1);
    const later = ask(queue, 'a0', 10, { key: 'k' });
    await clock.advance(10);
    await expect(later).resolves.toBe('a0 done');
  });
});

describe('limits', () => {
  it('a job that fails, or throws before it begins, fails alone', async () => {
    const queue = open();
    const broken = queue.run({ tenant: 'a' }, () => {
      throw new Error('broken');
    });
    const fine = ask(queue, 'a1', 10);
    await expect(broken).rejects.toThrow('broken');
    await clock.advance(10);
    await expect(fine).resolves.toBe('a1 done');
  });

  it('a job that never ends fails after its time, and gives its place back', async () => {
    const queue = open({ maxRunMs: 5_000 });
    const hung = queue.run({ tenant: 'a' }, () => new Promise(() => {}));
    hung.catch(() => {});
    ask(queue, 'b0', 10);
    await clock.advance(5_010);
    await expect(hung).rejects.toMatchObject({ code: 'overloaded', message: 'it took too long' });
    expect(done).toEqual(['b0']);
  });

  it('a job does not wait longer than is allowed', async () => {
    const queue = open({ maxWaitMs: 1_000 });
    ask(queue, 'a0', 5_000);
    const late = ask(queue, 'a1', 10);
    await clock.advance(1_000);
    await expect(late).rejects.toThrow('did not come in time');
    await clock.advance(5_000);
    expect(done).toEqual(['a0']);
  });

  it('so many may wait for one tenant, and others are not affected', async () => {
    const queue = open({ maxWaitingPerTenant: 3 });
    const asked = all(queue, names('a', 5), 10);
    await expect(asked[4]).rejects.toThrow('waiting already');
    const other = ask(queue, 'b0', 10);
    await clock.advance(100);
    await expect(other).resolves.toBe('b0 done');
    expect(done).toHaveLength(5);
  });

  it('so many bytes may be held, by one tenant and by all', async () => {
    const queue = open({ maxBytesPerTenant: 10, maxBytes: 15 });
    const first = ask(queue, 'a0', 10, { bytes: 8 });
    await expect(ask(queue, 'a1', 10, { bytes: 3 })).rejects.toThrow('bytes of this customer');
    await expect(ask(queue, 'b0', 10, { bytes: 8 })).rejects.toThrow('too many bytes');
    await clock.advance(10);
    await first;
    const again = ask(queue, 'b1', 10, { bytes: 10 });
    await clock.advance(10);
    await expect(again).resolves.toBe('b1 done');
  });

  it('after it is closed nothing waits and nothing is taken', async () => {
    const queue = open();
    const asked = all(queue, names('a', 3), 1_000);
    await clock.advance(10);
    queue.close();
    for (const one of asked) await expect(one).rejects.toThrow('closed');
    await expect(ask(queue, 'b0', 1)).rejects.toThrow('closed');
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});

it('runs a job of a tenant that was forgotten while a job it shared was running', async () => {
  const queue = open({ atOnce: 1 });
  const shared = [ask(queue, 'a0', 10, { key: 'k' }), ask(queue, 'b0', 10, { key: 'k' })];
  const abort = new AbortController();
  const given = ask(queue, 'b1', 10, { signal: abort.signal });
  abort.abort(new Error('gone'));
  await expect(given).rejects.toThrow('gone');
  const later = ask(queue, 'b2', 10);
  await clock.advance(20);
  await Promise.all(shared);
  await expect(later).resolves.toBe('b2 done');
});

it('settles every job exactly once, runs no more than it may at once, and keeps nothing behind', async () => {
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
      async (jobs, atOnce) => {
        clock = new VirtualClock();
        const queue = open({ atOnce, maxRunMs: 40 });
        let most = 0;
        let settled = 0;
        for (const { tenant, key, ms, after, abortAfter, fails } of jobs) {
          clock.after(after, () => {
            const abort = new AbortController();
            if (abortAfter !== undefined) clock.after(abortAfter, () => abort.abort(new Error('gone')));
            const work = async (signal: AbortSignal) => {
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
        expect(most).toBeLessThanOrEqual(atOnce);
        expect(queue.load).toEqual({ running: 0, waiting: 0 });
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
