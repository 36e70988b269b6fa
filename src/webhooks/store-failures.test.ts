import { expect, test } from 'vitest';
import { eventRecord, Harness } from './testing/harness.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A receiver that takes 100 ms, and more events than memory holds: the rest has to be read from the store. */
function overloaded(): Harness {
  const harness = new Harness();
  harness.maxEventsInMemory = 10;
  harness.restart();
  harness.receiver = () => new Promise((resolve) => harness.clock.after(100, () => resolve(200)));
  for (let call = 0; call < 30; call++) harness.commit(eventRecord(1, `call_${call}`));
  return harness;
}

test('delivers events from the store although every read failed until memory was empty', async () => {
  const harness = overloaded();
  harness.readError = new Error('disk I/O error');
  await harness.clock.advance(MINUTE);
  expect(harness.received).toHaveLength(10);
  expect(harness.deliveries.inMemory).toBe(0);
  harness.commit(eventRecord(1, 'call_later'));
  harness.readError = undefined;
  await harness.clock.advance(MINUTE);
  expect(harness.received).toHaveLength(31);
  expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 31 });
  expect(harness.clock.pending).toBe(0);
});

test('reads a failing store every 5 s, however many events are accepted meanwhile', async () => {
  const harness = overloaded();
  let reads = 0;
  Object.defineProperty(harness, 'readError', {
    get() {
      reads += 1;
      return new Error('disk I/O error');
    },
  });
  await harness.clock.advance(MINUTE);
  expect(reads / 2).toBeLessThanOrEqual(13);
});

test('starts while the store cannot be read, and delivers once it can', async () => {
  const harness = new Harness();
  for (const event of [eventRecord(1), eventRecord(2), eventRecord(1, 'call_2', { attempts: 3 })])
    harness.events.set(event.id, event);
  harness.readError = new Error('database is locked');
  await harness.deliveries.start();
  harness.commit(eventRecord(3));
  await harness.clock.advance(MINUTE);
  expect(harness.received).toEqual([]);
  harness.readError = undefined;
  await harness.clock.advance(2 * MINUTE);
  expect(harness.received.toSorted()).toEqual([
    'evt_call_1_1',
    'evt_call_1_2',
    'evt_call_1_3',
    'evt_call_2_1',
  ]);
  expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 4 });
  await harness.deliveries.close();
  expect(harness.clock.pending).toBe(0);
});

test('reads parked events again after a read failed', async () => {
  const harness = new Harness();
  harness.receiver = () => 500;
  harness.commit(eventRecord());
  await harness.clock.advance(10 * MINUTE);
  const received = harness.received.length;
  harness.readError = new Error('disk I/O error');
  harness.receiver = () => 200;
  await harness.clock.advance(HOUR);
  expect(harness.received).toHaveLength(received);
  harness.readError = undefined;
  await harness.clock.advance(2 * MINUTE);
  expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 1 });
});

test('delivers the next events of an application although no delivery can be recorded', async () => {
  const harness = new Harness();
  harness.saveError = new Error('constraint failed');
  for (let call = 0; call < 250; call++) harness.commit(eventRecord(1, `call_${call}`));
  await harness.clock.advance(MINUTE);
  expect(harness.received).toHaveLength(250);
  expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 250 });
});

test('counts an attempt that cannot start as failed, and delivers to other applications', async () => {
  const harness = new Harness();
  harness.target = (applicationId) => {
    if (applicationId === 'app_broken') throw new Error('the settings cannot be read');
    return { url: 'https://app.test/hook', secrets: [] };
  };
  harness.commit(eventRecord(1, 'call_1', { applicationId: 'app_broken' }), eventRecord(1, 'call_2'));
  await harness.clock.advance(0);
  expect(harness.received).toEqual(['evt_call_2_1']);
  expect(harness.deliveries.counts).toMatchObject({ pending: 1, failed: 1 });
  await harness.clock.advance(40_000);
  expect(harness.deliveries.counts).toMatchObject({ pending: 1, failed: 3 });
});
