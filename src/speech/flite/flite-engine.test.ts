import { afterAll, expect, test } from 'vitest';
import { silentLog, VirtualClock } from '../../kit/index.ts';
import { FliteEngine } from './flite-engine.ts';

const clock = new VirtualClock();
const engine = new FliteEngine({ clock, log: silentLog });
afterAll(() => engine.close());

test('a thread that hangs is replaced: its sentence fails, those that wait are spoken', async () => {
  await engine.warm();
  const hung = engine.synthesise('This one takes too long.', 'rms');
  const next = engine.synthesise('This one is spoken.', 'rms');
  hung.catch(() => {});
  // Patience ends before the thread has had a chance to answer.
  const late = clock.advance(10_000);
  await expect(hung).rejects.toMatchObject({ code: 'speech_failed' });
  expect((await next).length).toBeGreaterThan(4000);
  await late;
});

test('sentences are spoken in the order in which they were asked for', async () => {
  const order: string[] = [];
  await Promise.all(
    ['One.', 'Two.', 'Three.'].map(async (text) => {
      await engine.synthesise(text, 'rms');
      order.push(text);
    }),
  );
  expect(order).toEqual(['One.', 'Two.', 'Three.']);
  expect(clock.pending).toBe(0);
});
