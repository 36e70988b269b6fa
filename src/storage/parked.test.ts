import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { PARK_AFTER_ATTEMPTS } from '../webhooks/index.ts';
import { openSqliteStorage } from './index.ts';
import { aCall, anEvent } from './testing/records.ts';

test('events are parked after a number of failures, and found when they are due', async () => {
  const storage = await openSqliteStorage({
    file: ':memory:',
    clock: new VirtualClock(),
    hasWebhook: () => true,
  });
  const call = aCall('call_1');
  await storage.commit({ call, events: [anEvent(call), anEvent(call), anEvent(call)] });
  const { data } = await storage.events({ callId: call.id }, { limit: 3 });
  for (const [n, event] of data.entries()) {
    const attempts = n < 2 ? PARK_AFTER_ATTEMPTS : PARK_AFTER_ATTEMPTS - 1;
    await storage.saveEventState({ ...event, attempts, nextAttemptAt: 1000 + n });
  }
  expect((await storage.pendingEvents(10, 1e6)).events.map(({ sequence }) => sequence)).toEqual([3]);
  expect(await storage.parkedEvents()).toEqual({ count: 2, oldestAt: call.createdAt });
  expect((await storage.dueEvents(1000, 9)).map(({ sequence }) => sequence)).toEqual([1]);
  expect((await storage.dueEvents(2000, 1)).map(({ sequence }) => sequence)).toEqual([1]);
  expect([await storage.nextDueAt(1000), await storage.nextDueAt(1001)]).toEqual([1001, null]);
  await storage.close();
});
