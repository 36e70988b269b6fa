import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { ThreadFinisher } from './finisher.ts';
import { wav } from './testing/fake-leg.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-finisher-'));
const clock = new VirtualClock();
const deps = { clock, log: silentLog };
const finisher = new ThreadFinisher(deps);
afterAll(async () => {
  await finisher.close();
  rmSync(folder, { recursive: true });
});

function recorded(name: string, seconds: number): string {
  const path = join(folder, `${name}.wav`);
  const tone = Array.from({ length: seconds * 8000 }, (_, i) => ((i % 8) - 4) * 1000);
  writeFileSync(path, wav(1, tone));
  return path;
}

test('finishes a short file while a long one is being encoded', async () => {
  const order: string[] = [];
  const long = finisher.finish(recorded('long', 120), 'mp3', 'cust_1').then(() => order.push('long'));
  const short = finisher.finish(recorded('short', 1), 'wav', 'cust_1').then(() => order.push('short'));
  await Promise.all([long, short]);
  expect(order).toEqual(['short', 'long']);
});

test('rejects a missing file and finishes the next', async () => {
  const missing = finisher.finish(join(folder, 'missing.wav'), 'wav', 'cust_1');
  const there = finisher.finish(recorded('there', 1), 'wav', 'cust_1');
  await expect(missing).rejects.toThrow('ENOENT');
  expect(await there).toMatchObject({ format: 'wav', sizeBytes: 16_044 });
});

test('waits for running files on close', async () => {
  const other = new ThreadFinisher(deps);
  const finished = other.finish(recorded('last', 1), 'wav', 'cust_1');
  await other.close();
  expect((await finished).sizeBytes).toBe(16_044);
});

const deadly = () =>
  new Worker(`require('node:worker_threads').parentPort.once('message', () => process.exit(1))`, {
    eval: true,
  });
const real = () => new Worker(new URL('./finishing-thread.ts', import.meta.url));

test('replaces a thread that dies and retries its file', async () => {
  const threads = [deadly, real];
  const other = new ThreadFinisher(deps, () => threads.shift()!());
  const both = [recorded('first', 1), recorded('second', 1)].map((path) =>
    other.finish(path, 'wav', 'cust_1'),
  );
  for (const finished of await Promise.all(both)) expect(finished.sizeBytes).toBe(16_044);
  await other.close();
});

test('fails a file that kills two threads', async () => {
  const threads = [deadly, deadly, real];
  const other = new ThreadFinisher(deps, () => threads.shift()!());
  await expect(other.finish(recorded('poison', 1), 'wav', 'cust_1')).rejects.toThrow('ended with 1');
  expect((await other.finish(recorded('after', 1), 'wav', 'cust_1')).sizeBytes).toBe(16_044);
  await other.close();
});

test('replaces a hung thread after 15 minutes', async () => {
  const silent = () => new Worker('setInterval(() => {}, 1000)', { eval: true });
  const threads = [silent, real];
  const other = new ThreadFinisher(deps, () => threads.shift()!());
  const finished = other.finish(recorded('hanging', 1), 'wav', 'cust_1');
  await clock.advance(15 * 60_000);
  expect((await finished).sizeBytes).toBe(16_044);
  await other.close();
  expect(clock.pending).toBe(0);
});

test('gives each customer one of two encoding threads', async () => {
  let started = 0;
  const other = new ThreadFinisher(deps, () => {
    started += 1;
    return new Worker('setInterval(() => {}, 1000)', { eval: true });
  });
  const encode = (name: string, customerId: string) => {
    other.finish(recorded(name, 1), 'mp3', customerId).catch(() => {});
    return clock.advance(0);
  };
  await encode('one', 'cust_1');
  await encode('two', 'cust_1');
  expect(started).toBe(1);
  await encode('three', 'cust_2');
  expect(started).toBe(2);
  const closed = other.close();
  await clock.advance(15_000);
  await closed;
});

test('does not wait for a hung thread on close', async () => {
  const other = new ThreadFinisher(deps, () => new Worker('setInterval(() => {}, 1000)', { eval: true }));
  const finished = other.finish(recorded('left', 1), 'wav', 'cust_1');
  finished.catch(() => {});
  const closed = other.close();
  await clock.advance(15_000);
  await closed;
  await expect(finished).rejects.toThrow('closed');
});

test('fails the file when a thread cannot be started', async () => {
  const threads = [deadly];
  const other = new ThreadFinisher(deps, () => {
    const start = threads.shift();
    if (!start) throw new Error('too many threads');
    return start();
  });
  await expect(other.finish(recorded('threadless', 1), 'wav', 'cust_1')).rejects.toThrow('too many threads');
  await other.close();
});
