import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { FliteEngine } from './flite-engine.ts';

const clock = new VirtualClock();
const engine = new FliteEngine({ clock, log: silentLog });
afterAll(() => engine.close());

test('replaces a hung thread, fails its sentence, and speaks the waiting ones', async () => {
  await engine.warm();
  const hung = engine.synthesize('This one takes too long.', 'rms', { tenant: 'a' });
  const next = engine.synthesize('This one is spoken.', 'rms', { tenant: 'a' });
  hung.catch(() => {});
  // The time limit passes before the thread can answer.
  const late = clock.advance(10_000);
  await expect(hung).rejects.toMatchObject({ code: 'speech_failed' });
  expect((await next).length).toBeGreaterThan(4000);
  await late;
});

test('speaks sentences in the order of the requests', async () => {
  const order: string[] = [];
  await Promise.all(
    ['One.', 'Two.', 'Three.'].map(async (text) => {
      await engine.synthesize(text, 'rms', { tenant: 'a' });
      order.push(text);
    }),
  );
  expect(order).toEqual(['One.', 'Two.', 'Three.']);
  // What remains is the timer that ends the idle thread.
  expect(clock.pending).toBe(1);
});

test('does not delay another customer for 300 sentences of one, and drops aborted sentences', async () => {
  const hangup = new AbortController();
  const many = Array.from({ length: 300 }, (_, i) =>
    engine.synthesize(`Sentence number ${i} of very many.`, 'rms', { tenant: 'busy', signal: hangup.signal }),
  );
  const settled = Promise.allSettled(many);
  const spoken = await engine.synthesize('Somebody else speaks.', 'rms', { tenant: 'other' });
  expect(spoken.length).toBeGreaterThan(4000);
  hangup.abort(new Error('hung up'));
  const done = (await settled).filter(({ status }) => status === 'fulfilled');
  expect(done.length).toBeLessThanOrEqual(2);
  const next = await engine.synthesize('The busy one speaks again.', 'rms', { tenant: 'busy' });
  expect(next.length).toBeGreaterThan(4000);
});
