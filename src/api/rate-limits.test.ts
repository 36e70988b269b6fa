import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { requestWindows } from './rate-limits.ts';

const clock = new VirtualClock();
const Windows = requestWindows(clock);

function count(windows: InstanceType<typeof Windows>, key: string): number {
  let counted = 0;
  windows.incr(key, (_error, { current }) => (counted = current), 60_000);
  return counted;
}

test('counts requests per client and window, whatever happens to the wall clock', async () => {
  const windows = new Windows();
  expect([count(windows, 'a'), count(windows, 'a'), count(windows, 'b')]).toEqual([1, 2, 1]);
  clock.jump(-3_600_000);
  expect(count(windows, 'a')).toBe(3);
  clock.jump(7_200_000);
  expect(count(windows, 'a')).toBe(4);
  await clock.advance(60_000);
  expect(count(windows, 'a')).toBe(1);
});

test('forgets the least recently active of more than 5000 clients', () => {
  const windows = new Windows();
  count(windows, 'first');
  for (let n = 0; n < 5000; n++) count(windows, `address ${n}`);
  expect(count(windows, 'address 4999')).toBe(2);
  expect(count(windows, 'first')).toBe(1);
});
