import { describe, expect, it } from 'vitest';
import { callRecord, eventRecord, Harness } from './testing/harness.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

describe('a receiver that is slower than the events', () => {
  it('gets all events in order, while memory holds a bounded number of them', async () => {
    const harness = new Harness();
    harness.maxEventsInMemory = 1000;
    harness.restart();
    harness.receiver = () => new Promise((resolve) => harness.clock.after(100, () => resolve(200)));
    for (let call = 0; call < 1000; call++)
      for (const sequence of [1, 2]) harness.commit(eventRecord(sequence, `call_${call}`));
    expect(harness.deliveries.inMemory).toBe(1000);
    expect(harness.deliveries.counts.pending).toBe(2000);
    for (let tenth = 0; tenth < 25; tenth++) {
      harness.commit(eventRecord(3, `call_${tenth}`));
      await harness.clock.advance(100);
      expect(harness.deliveries.inMemory).toBeLessThanOrEqual(1500);
    }
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 2025 });
    expect(new Set(harness.received).size).toBe(harness.received.length);
    const seventh = harness.received.filter((id) => id.startsWith('evt_call_7_'));
    expect(seventh).toEqual(['evt_call_7_1', 'evt_call_7_2', 'evt_call_7_3']);
  });
});

describe('events with large variables', () => {
  it('take a bounded amount of memory and are all delivered', async () => {
    const harness = new Harness();
    const variables = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, 'x'.repeat(4096)]));
    harness.receiver = () => new Promise((resolve) => harness.clock.after(100, () => resolve(200)));
    for (let n = 0; n < 300; n++)
      harness.commit(eventRecord(1, `call_${n}`, { call: callRecord({ id: `call_${n}`, variables }) }));
    expect(harness.deliveries.inMemory).toBeLessThan(100);
    expect(harness.deliveries.counts.pending).toBe(300);
    await harness.clock.advance(10 * SECOND);
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 300 });
    expect(new Set(harness.received).size).toBe(300);
  });
});

describe('while the disk is full', () => {
  it('sends no accepted event twice, although the store still has it as pending', async () => {
    const harness = new Harness();
    harness.receiver = () => 500;
    for (let call = 0; call < 20; call++) harness.commit(eventRecord(1, `call_${call}`));
    await harness.clock.advance(HOUR);
    harness.fillDisk();
    harness.receiver = () => 200;
    const before = harness.received.length;
    await harness.clock.advance(12 * HOUR);
    harness.freeDisk();
    await harness.clock.advance(24 * HOUR);
    expect(harness.received.slice(before).toSorted()).toEqual([...harness.events.keys()].toSorted());
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 20 });
  });

  it('sends no event twice that had to wait in the store', async () => {
    const harness = new Harness();
    harness.maxEventsInMemory = 10;
    harness.restart();
    harness.receiver = () => new Promise((resolve) => harness.clock.after(100, () => resolve(200)));
    for (let call = 0; call < 30; call++) harness.commit(eventRecord(1, `call_${call}`));
    harness.fillDisk();
    await harness.clock.advance(HOUR);
    expect(harness.received).toHaveLength(10);
    harness.freeDisk();
    await harness.clock.advance(HOUR);
    expect(harness.received).toHaveLength(30);
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 30 });
  });
});

describe('stopping', () => {
  it('waits for attempts in flight, but not for later ones', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) =>
      new Promise((resolve) => harness.clock.after(100, () => resolve(event === 'evt_call_1_1' ? 200 : 500)));
    harness.commit(eventRecord(1), eventRecord(2));
    let drained = false;
    void harness.deliveries.drain(SECOND).then(() => (drained = true));
    await harness.clock.advance(300);
    expect(drained).toBe(true);
    expect(harness.attempts.map(({ status }) => status)).toEqual([200, 500]);
    expect(harness.clock.pending).toBe(0);
  });

  it('waits no longer than its timeout', async () => {
    const harness = new Harness();
    harness.receiver = () => new Promise(() => {});
    harness.commit(eventRecord());
    let drained = false;
    void harness.deliveries.drain(SECOND).then(() => (drained = true));
    await harness.clock.advance(SECOND);
    expect(drained).toBe(true);
    expect(harness.events.get('evt_call_1_1')).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('waits another second when hastened, so that no accepted event is sent twice', async () => {
    const harness = new Harness();
    harness.receiver = () => new Promise((resolve) => harness.clock.after(500, () => resolve(200)));
    harness.commit(eventRecord());
    const hasten = new AbortController();
    let drained = false;
    void harness.deliveries.drain(HOUR, hasten.signal).then(() => (drained = true));
    hasten.abort();
    await harness.clock.advance(500);
    expect(drained).toBe(true);
    expect(harness.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered' });
    expect(harness.clock.pending).toBe(0);
  });

  it('reads the store no more when it closes during a read', async () => {
    const harness = new Harness();
    harness.maxEventsInMemory = 1;
    harness.restart();
    for (const sequence of [1, 2, 3]) harness.events.set(`evt_call_1_${sequence}`, eventRecord(sequence));
    let reads = 0;
    Object.defineProperty(harness, 'readError', {
      get() {
        if (reads++ === 0) void harness.deliveries.close();
        return reads > 10 ? new Error('read after close') : undefined;
      },
    });
    await harness.deliveries.start();
    expect(reads).toBeLessThan(10);
  });

  it('sends nothing after it closed', async () => {
    const harness = new Harness();
    await harness.deliveries.close();
    harness.commit(eventRecord());
    await harness.clock.advance(HOUR);
    expect(harness.received).toEqual([]);
  });
});
