import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { requestWindows } from './request-windows.ts';

const clock = new VirtualClock();
const Windows = requestWindows(clock);

function count(windows: InstanceType<typeof Windows>, key: string): number {
  let counted = 0;
  windows.incr(key, (_error, { current }) => (counted = current), 60_000);
  return counted;
}

test('requests are counted for each sender, anew in every window, whatever becomes of the wall clock', async () => {
  const windows = new Windows();
  expect([count(windows, 'a'), count(windows, 'a'), count(windows, 'b')]).toEqual([1, 2, 1]);
  clock.jump(-3_600_000);
  expect(count(windows, 'a')).toBe(3);
  clock.jump(7_200_000);
  expect(count(windows, 'a')).toBe(4);
  await clock.advance(60_000);
  expect(count(windows, 'a')).toBe(1);
});

test('of very many senders those are forgotten that were silent for longest', () => {
  const windows = new Windows();
  count(windows, 'first');
  for (let n = 0; n < 5000; n++) count(windows, `address ${n}`);
  expect(count(windows, 'address 4999')).toBe(2);
  expect(count(windows, 'first')).toBe(1);
});
