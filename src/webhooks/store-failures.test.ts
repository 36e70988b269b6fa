import { expect, test } from 'vitest';
import { Bench, eventRecord } from './testing/bench.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Receivers that take 100 ms, and more events than memory holds, so that the rest has to be read from the store. */
function overfull(): Bench {
  const bench = new Bench();
  bench.mostAwake = 10;
  bench.restart();
  bench.receiver = () => new Promise((resolve) => bench.clock.after(100, () => resolve(200)));
  for (let call = 0; call < 30; call++) bench.commit(eventRecord(1, `call_${call}`));
  return bench;
}

test('delivers what waits in the store although every read failed until memory was empty', async () => {
  const bench = overfull();
  bench.unreadable = new Error('disk I/O error');
  await bench.clock.advance(MINUTE);
  expect(bench.asked).toHaveLength(10);
  expect(bench.deliveries.awake).toBe(0);
  bench.commit(eventRecord(1, 'call_later'));
  bench.unreadable = undefined;
  await bench.clock.advance(MINUTE);
  expect(bench.asked).toHaveLength(31);
  expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 31 });
  expect(bench.clock.pending).toBe(0);
});

test('reads the store again once in 5 s while it fails, however many events are accepted meanwhile', async () => {
  const bench = overfull();
  let reads = 0;
  Object.defineProperty(bench, 'unreadable', {
    get() {
      reads += 1;
      return new Error('disk I/O error');
    },
  });
  await bench.clock.advance(MINUTE);
  expect(reads / 2).toBeLessThanOrEqual(13);
});

test('starts while the store cannot be read, and delivers when it can', async () => {
  const bench = new Bench();
  for (const event of [eventRecord(1), eventRecord(2), eventRecord(1, 'call_2', { attempts: 3 })])
    bench.events.set(event.id, event);
  bench.unreadable = new Error('database is locked');
  await bench.deliveries.start();
  bench.commit(eventRecord(3));
  await bench.clock.advance(MINUTE);
  expect(bench.asked).toEqual([]);
  bench.unreadable = undefined;
  await bench.clock.advance(2 * MINUTE);
  expect(bench.asked.toSorted()).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_3', 'evt_call_2_1']);
  expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 4 });
  await bench.deliveries.close();
  expect(bench.clock.pending).toBe(0);
});

test('asks for parked events again after a read of them failed', async () => {
  const bench = new Bench();
  bench.receiver = () => 500;
  bench.commit(eventRecord());
  await bench.clock.advance(10 * MINUTE);
  const asked = bench.asked.length;
  bench.unreadable = new Error('disk I/O error');
  bench.receiver = () => 200;
  await bench.clock.advance(HOUR);
  expect(bench.asked).toHaveLength(asked);
  bench.unreadable = undefined;
  await bench.clock.advance(2 * MINUTE);
  expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 1 });
});

test('goes on with the next events of an application although no delivery can be recorded', async () => {
  const bench = new Bench();
  bench.unsaveable = new Error('constraint failed');
  for (let call = 0; call < 250; call++) bench.commit(eventRecord(1, `call_${call}`));
  await bench.clock.advance(MINUTE);
  expect(bench.asked).toHaveLength(250);
  expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 250 });
});

test('counts a try that cannot even begin as failed, and delivers to the other applications', async () => {
  const bench = new Bench();
  bench.targets = (applicationId) => {
    if (applicationId === 'app_broken') throw new Error('the settings cannot be read');
    return { url: 'https://app.test/hook', secrets: [] };
  };
  bench.commit(eventRecord(1, 'call_1', { applicationId: 'app_broken' }), eventRecord(1, 'call_2'));
  await bench.clock.advance(0);
  expect(bench.asked).toEqual(['evt_call_2_1']);
  expect(bench.deliveries.counts).toMatchObject({ pending: 1, failed: 1 });
  await bench.clock.advance(40_000);
  expect(bench.deliveries.counts).toMatchObject({ pending: 1, failed: 3 });
});
