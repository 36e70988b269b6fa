import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { FliteEngine } from './flite-engine.ts';

const clock = new VirtualClock();
const engine = new FliteEngine({ clock, log: silentLog });
afterAll(() => engine.close());

test('a thread that hangs is replaced: its sentence fails, those that wait are spoken', async () => {
  await engine.warm();
  const hung = engine.synthesise('This one takes too long.', 'rms', { tenant: 'a' });
  const next = engine.synthesise('This one is spoken.', 'rms', { tenant: 'a' });
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
      await engine.synthesise(text, 'rms', { tenant: 'a' });
      order.push(text);
    }),
  );
  expect(order).toEqual(['One.', 'Two.', 'Three.']);
  expect(clock.pending).toBe(0);
});

test('300 sentences of one customer do not make another wait, and are forgotten when they are not wanted', async () => {
  const hangup = new AbortController();
  const many = Array.from({ length: 300 }, (_, i) =>
    engine.synthesise(`Sentence number ${i} of very many.`, 'rms', { tenant: 'busy', signal: hangup.signal }),
  );
  const settled = Promise.allSettled(many);
  const spoken = await engine.synthesise('Somebody else speaks.', 'rms', { tenant: 'other' });
  expect(spoken.length).toBeGreaterThan(4000);
  hangup.abort(new Error('hung up'));
  const done = (await settled).filter(({ status }) => status === 'fulfilled');
  expect(done.length).toBeLessThanOrEqual(2);
  const next = await engine.synthesise('The busy one speaks again.', 'rms', { tenant: 'busy' });
  expect(next.length).toBeGreaterThan(4000);
});
