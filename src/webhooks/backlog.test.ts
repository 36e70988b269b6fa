import { describe, expect, it } from 'vitest';
import { Bench, callRecord, eventRecord } from './testing/bench.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

describe('a receiver that is slower than what happens', () => {
  it('is told of everything in the end, in order, while a bounded part of it takes memory', async () => {
    const bench = new Bench();
    bench.mostAwake = 1000;
    bench.restart();
    bench.receiver = () => new Promise((resolve) => bench.clock.after(100, () => resolve(200)));
    for (let call = 0; call < 1000; call++)
      for (const sequence of [1, 2]) bench.commit(eventRecord(sequence, `call_${call}`));
    expect(bench.deliveries.awake).toBe(1000);
    expect(bench.deliveries.counts.pending).toBe(2000);
    for (let tenth = 0; tenth < 25; tenth++) {
      bench.commit(eventRecord(3, `call_${tenth}`));
      await bench.clock.advance(100);
      expect(bench.deliveries.awake).toBeLessThanOrEqual(1500);
    }
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 2025 });
    expect(new Set(bench.asked).size).toBe(bench.asked.length);
    const seventh = bench.asked.filter((id) => id.startsWith('evt_call_7_'));
    expect(seventh).toEqual(['evt_call_7_1', 'evt_call_7_2', 'evt_call_7_3']);
  });
});

describe('events with large variables', () => {
  it('take a bounded part of the memory, and are all told in order', async () => {
    const bench = new Bench();
    const variables = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, 'x'.repeat(4096)]));
    bench.receiver = () => new Promise((resolve) => bench.clock.after(100, () => resolve(200)));
    for (let n = 0; n < 300; n++)
      bench.commit(eventRecord(1, `call_${n}`, { call: callRecord({ id: `call_${n}`, variables }) }));
    expect(bench.deliveries.awake).toBeLessThan(100);
    expect(bench.deliveries.counts.pending).toBe(300);
    await bench.clock.advance(10 * SECOND);
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 300 });
    expect(new Set(bench.asked).size).toBe(300);
  });
});

describe('while the disk is full', () => {
  it('nothing that was accepted is told again, though the store still has it as pending', async () => {
    const bench = new Bench();
    bench.receiver = () => 500;
    for (let call = 0; call < 20; call++) bench.commit(eventRecord(1, `call_${call}`));
    await bench.clock.advance(HOUR);
    bench.fillDisk();
    bench.receiver = () => 200;
    const before = bench.asked.length;
    await bench.clock.advance(12 * HOUR);
    bench.makeRoom();
    await bench.clock.advance(24 * HOUR);
    expect(bench.asked.slice(before).toSorted()).toEqual([...bench.events.keys()].toSorted());
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 20 });
  });

  it('nothing is told again that had to wait in the store, either', async () => {
    const bench = new Bench();
    bench.mostAwake = 10;
    bench.restart();
    bench.receiver = () => new Promise((resolve) => bench.clock.after(100, () => resolve(200)));
    for (let call = 0; call < 30; call++) bench.commit(eventRecord(1, `call_${call}`));
    bench.fillDisk();
    await bench.clock.advance(HOUR);
    expect(bench.asked).toHaveLength(10);
    bench.makeRoom();
    await bench.clock.advance(HOUR);
    expect(bench.asked).toHaveLength(30);
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 30 });
  });
});

describe('stopping', () => {
  it('drains: lets the tries under way end, and does not wait for later ones', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) =>
      new Promise((resolve) => bench.clock.after(100, () => resolve(event === 'evt_call_1_1' ? 200 : 500)));
    bench.commit(eventRecord(1), eventRecord(2));
    let drained = false;
    void bench.deliveries.drain(SECOND).then(() => (drained = true));
    await bench.clock.advance(300);
    expect(drained).toBe(true);
    expect(bench.attempts.map(({ status }) => status)).toEqual([200, 500]);
    expect(bench.clock.pending).toBe(0);
  });

  it('drains no longer than it may', async () => {
    const bench = new Bench();
    bench.receiver = () => new Promise(() => {});
    bench.commit(eventRecord());
    let drained = false;
    void bench.deliveries.drain(SECOND).then(() => (drained = true));
    await bench.clock.advance(SECOND);
    expect(drained).toBe(true);
    expect(bench.events.get('evt_call_1_1')).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('drains for a second more when it is hastened, so that what has arrived is not told again', async () => {
    const bench = new Bench();
    bench.receiver = () => new Promise((resolve) => bench.clock.after(500, () => resolve(200)));
    bench.commit(eventRecord());
    const hasten = new AbortController();
    let drained = false;
    void bench.deliveries.drain(HOUR, hasten.signal).then(() => (drained = true));
    hasten.abort();
    await bench.clock.advance(500);
    expect(drained).toBe(true);
    expect(bench.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered' });
    expect(bench.clock.pending).toBe(0);
  });

  it('sends nothing any more', async () => {
    const bench = new Bench();
    await bench.deliveries.close();
    bench.commit(eventRecord());
    await bench.clock.advance(HOUR);
    expect(bench.asked).toEqual([]);
  });
});
