import { afterEach, expect, it } from 'vitest';
import { defects } from '../core/index.ts';
import { TurnBatch } from './turn-batch.ts';

/** Ends the current turn of the event loop. */
const turn = () => new Promise((done) => setImmediate(done));

let stop = () => {};
afterEach(() => stop());

it('posts the messages of one turn as one array, in their order', async () => {
  const posted: number[][] = [];
  const batch = new TurnBatch<number>((messages) => posted.push(messages));
  batch.add(1);
  batch.add(2);
  expect(posted).toEqual([]);
  await turn();
  batch.add(3);
  await turn();
  expect(posted).toEqual([[1, 2], [3]]);
});

it('posts the other messages when one cannot be cloned', async () => {
  const origins: string[] = [];
  stop = defects.on(({ origin }) => origins.push(origin));
  const posted: unknown[] = [];
  const batch = new TurnBatch<unknown>((messages) => posted.push(...structuredClone(messages)));
  for (const message of [1, () => {}, 2]) batch.add(message);
  await turn();
  expect(posted).toEqual([1, 2]);
  expect(origins).toEqual(['media.post']);
});
