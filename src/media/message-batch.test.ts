import { afterEach, beforeEach, expect, it } from 'vitest';
import { defects } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { MessageBatch, WAIT_MS } from './message-batch.ts';

/** Ends the current turn of the event loop. */
const turn = () => new Promise((done) => setImmediate(done));

let clock: VirtualClock;
let posted: unknown[][];
let batch: MessageBatch<unknown>;
let stop = () => {};

beforeEach(() => {
  clock = new VirtualClock();
  posted = [];
  batch = new MessageBatch(clock, (messages) => posted.push(structuredClone(messages)));
});
afterEach(() => stop());

it('posts the messages of one turn as one array, in their order', async () => {
  batch.add(1);
  batch.add(2);
  expect(posted).toEqual([]);
  await turn();
  batch.add(3);
  await turn();
  expect(posted).toEqual([[1, 2], [3]]);
});

it('posts messages that may wait together, when the first has waited for 10 ms', async () => {
  batch.add(1, true);
  await clock.advance(WAIT_MS - 1);
  batch.add(2, true);
  await turn();
  expect(posted).toEqual([]);
  await clock.advance(1);
  expect(posted).toEqual([[1, 2]]);
});

it('posts messages that may wait before the first that may not', async () => {
  batch.add(1, true);
  batch.add(2);
  batch.add(3, true);
  await turn();
  expect(posted).toEqual([[1, 2, 3]]);
  expect(clock.pending).toBe(0);
  batch.add(4, true);
  await clock.advance(WAIT_MS);
  expect(posted).toEqual([[1, 2, 3], [4]]);
});

it('posts the other messages when one cannot be cloned', async () => {
  const origins: string[] = [];
  stop = defects.on(({ origin }) => origins.push(origin));
  for (const message of [1, () => {}, 2]) batch.add(message);
  await turn();
  expect(posted).toEqual([[1], [2]]);
  expect(origins).toEqual(['media.post']);
});
