import { expect, test } from 'vitest';
import { Ids } from './index.ts';
import { VirtualClock } from './testing/virtual-clock.ts';

test('an id contains the second, the microsecond and the node', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 4, 29, 12, 2, 12, 999));
  const ids = new Ids(clock, { node: 7 });
  expect(ids.next('call')).toBe('call_20260529T120212.999000007');
  expect(ids.next('evt')).toBe('evt_20260529T120212.999001007');
  await clock.advance(1);
  expect(ids.next('call')).toBe('call_20260529T120213.000000007');
});

test('ids keep increasing when the wall clock is set back', () => {
  const clock = new VirtualClock();
  const ids = new Ids(clock);
  const before = ids.next('call');
  clock.jump(-60_000);
  expect(ids.next('call') > before).toBe(true);
});
