import { describe, expect, it } from 'vitest';
import { Bench, callRecord, eventRecord, START } from './testing/bench.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('one event', () => {
  it('is sent at once, and recorded as delivered', async () => {
    const bench = new Bench();
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    expect(bench.events.get('evt_call_1_1')).toMatchObject({
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: null,
    });
    expect(bench.attempts).toEqual([
      {
        id: 'dlv_20260529T120000.000000000',
        eventId: 'evt_call_1_1',
        attempt: 1,
        at: START,
        durationMs: 0,
        status: 200,
        error: null,
        answer: 'answer to evt_call_1_1',
      },
    ]);
    expect(bench.deliveries.counts).toEqual({ pending: 0, oldestMs: 0, delivered: 1, failed: 0, dead: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it.each([200, 201, 202, 204, 299])('is accepted by a %i', async (status) => {
    const bench = new Bench();
    bench.receiver = () => status;
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    expect(bench.events.get('evt_call_1_1')?.state).toBe('delivered');
  });

  it.each([301, 302, 400, 401, 404, 429, 500, 503])('is sent again after a %i', async (status) => {
    const bench = new Bench();
    bench.receiver = () => status;
    bench.commit(eventRecord());
    await bench.clock.advance(7 * SECOND);
    expect(bench.asked).toHaveLength(2);
    expect(bench.attempts[0]).toMatchObject({ status, error: `the receiver answered with ${status}` });
  });

  it('is sent ten times over 22 hours, each wait within a fifth of the schedule, and then dead', async () => {
    const bench = new Bench();
    bench.receiver = () => new Error('connect failed');
    bench.commit(eventRecord());
    await bench.clock.advance(30 * HOUR);
    const waits = bench.requests.slice(1).map(({ at }, i) => at - bench.requests[i]!.at);
    const schedule = [
      5 * SECOND,
      30 * SECOND,
      2 * MINUTE,
      10 * MINUTE,
      30 * MINUTE,
      HOUR,
      3 * HOUR,
      6 * HOUR,
      12 * HOUR,
    ];
    expect(waits).toHaveLength(schedule.length);
    for (const [i, wait] of waits.entries()) {
      expect(Math.abs(wait / schedule[i]! - 1)).toBeLessThanOrEqual(0.2001);
    }
    expect(new Set(waits.map((wait, i) => (wait / schedule[i]!).toFixed(3))).size).toBeGreaterThan(5);
    expect(bench.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(bench.attempts.at(-1)).toMatchObject({ status: null, error: 'connect failed', answer: '' });
    expect(bench.events.get('evt_call_1_1')).toMatchObject({
      state: 'dead',
      attempts: 10,
      nextAttemptAt: null,
    });
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, failed: 10, dead: 1 });
    expect(bench.clock.pending).toBe(0);
  });

  it('is dead at once where the receiver is gone (410)', async () => {
    const bench = new Bench();
    bench.receiver = () => 410;
    bench.commit(eventRecord());
    await bench.clock.advance(24 * HOUR);
    expect(bench.asked).toHaveLength(1);
    expect(bench.events.get('evt_call_1_1')).toMatchObject({ state: 'dead', attempts: 1 });
  });

  it('has the same body at every try, and says which try it is', async () => {
    const bench = new Bench();
    bench.receiver = () => 500;
    bench.commit(eventRecord());
    await bench.clock.advance(HOUR);
    const [first, ...rest] = bench.requests.map(({ request }) => request);
    expect(rest.length).toBeGreaterThan(3);
    for (const [i, { body, headers }] of rest.entries()) {
      expect(body).toBe(first?.body);
      expect(headers?.['X-MiniVoice-Attempt']).toBe(String(i + 2));
    }
    const deliveries = bench.requests.map(({ request }) => request.headers?.['X-MiniVoice-Delivery']);
    expect(deliveries).toEqual(bench.attempts.map(({ id }) => id));
    expect(new Set(deliveries).size).toBe(deliveries.length);
  });

  it('is not sent where there is no webhook (any more)', async () => {
    const bench = new Bench();
    bench.commit(eventRecord(1, 'call_1', { state: 'unsent' }));
    bench.targets = () => undefined;
    bench.commit(eventRecord(2));
    await bench.clock.advance(HOUR);
    expect(bench.asked).toEqual([]);
    expect(bench.events.get('evt_call_1_2')).toMatchObject({ state: 'unsent', attempts: 0 });
    expect(bench.deliveries.counts.pending).toBe(0);
  });

  it('is sent at once even when the clock was set back since it happened', async () => {
    const bench = new Bench();
    bench.commit(eventRecord(1, 'call_1', { nextAttemptAt: START + HOUR }));
    await bench.clock.advance(0);
    expect(bench.events.get('evt_call_1_1')?.state).toBe('delivered');
  });

  it('shares the connections to a receiver with other customers, whatever their applications', async () => {
    const bench = new Bench();
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    expect(bench.requests[0]?.request.tenant).toBe(callRecord().customerId);
  });

  it('is recorded even if its answer contains what a database cannot keep', async () => {
    const bench = new Bench();
    bench.words = () => 'a\0b';
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    expect(bench.attempts[0]?.answer).toBe('a\uFFFDb');
  });
});

describe('the events of one call', () => {
  it('are sent in order, each after the one before was accepted', async () => {
    const bench = new Bench();
    const held: ((status: number) => void)[] = [];
    bench.receiver = () => new Promise((resolve) => held.push(resolve));
    bench.commit(eventRecord(1), eventRecord(2));
    bench.commit(eventRecord(3));
    for (const expected of [1, 2, 3]) {
      await bench.clock.advance(0);
      expect(bench.asked).toHaveLength(expected);
      held.shift()?.(200);
    }
    await bench.clock.advance(0);
    expect(bench.asked).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_3']);
  });

  it('are put in order when they are committed out of it', async () => {
    const bench = new Bench();
    bench.commit(eventRecord(2), eventRecord(1));
    await bench.clock.advance(0);
    expect(bench.asked).toEqual(['evt_call_1_1', 'evt_call_1_2']);
  });

  it('wait for an earlier one until its third failure, then pass it', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) => (event === 'evt_call_1_1' ? 500 : 200);
    bench.commit(eventRecord(1), eventRecord(2), eventRecord(3));
    await bench.clock.advance(20 * SECOND);
    expect(bench.asked).toEqual(['evt_call_1_1', 'evt_call_1_1']);
    await bench.clock.advance(30 * SECOND);
    expect(bench.asked.slice(2)).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_3']);
    expect(bench.events.get('evt_call_1_1')?.state).toBe('pending');
    bench.receiver = () => 200;
    await bench.clock.advance(3 * MINUTE);
    expect(bench.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered', attempts: 4 });
  });

  it('do not wait for one that is dead', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) => (event === 'evt_call_1_1' ? 410 : 200);
    bench.commit(eventRecord(1), eventRecord(2));
    await bench.clock.advance(0);
    expect(bench.events.get('evt_call_1_2')?.state).toBe('delivered');
  });

  it('do not hold up those of another call', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) => (event.includes('call_1') ? 500 : 200);
    bench.commit(eventRecord(1, 'call_1'), eventRecord(2, 'call_1'), eventRecord(1, 'call_2'));
    await bench.clock.advance(0);
    expect(bench.asked).toEqual(['evt_call_1_1', 'evt_call_2_1']);
  });
});

describe('a receiver that does not answer', () => {
  const many = (applicationId: string, count: number) =>
    Array.from({ length: count }, (_, i) => eventRecord(1, `call_${applicationId}_${i}`, { applicationId }));

  it('gets a hundred tries at a time, and no other application waits for it', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) => (event.includes('slow') ? new Promise(() => {}) : 200);
    bench.commit(...many('slow', 500), ...many('quick', 500));
    await bench.clock.advance(0);
    expect(bench.asked.filter((id) => id.includes('slow'))).toHaveLength(100);
    expect(bench.asked.filter((id) => id.includes('quick'))).toHaveLength(500);
    expect(bench.deliveries.counts).toMatchObject({ pending: 500, delivered: 500 });
  });

  it('is told of everything once it answers again', async () => {
    const bench = new Bench();
    let up = false;
    bench.receiver = () =>
      up ? 200 : new Promise((resolve) => bench.clock.after(10_000, () => resolve(new Error('timeout'))));
    bench.commit(...many('a', 300));
    await bench.clock.advance(20 * SECOND);
    expect(bench.deliveries.counts).toMatchObject({ pending: 300, delivered: 0, oldestMs: 20 * SECOND });
    up = true;
    await bench.clock.advance(HOUR);
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 300 });
  });
});

describe('after a restart', () => {
  it('what was pending goes on where it stood', async () => {
    const bench = new Bench();
    bench.receiver = () => 503;
    bench.commit(eventRecord(1), eventRecord(2), eventRecord(1, 'call_2'));
    await bench.clock.advance(10 * SECOND);
    await bench.deliveries.close();
    expect(bench.clock.pending).toBe(0);
    const before = bench.asked.length;
    bench.receiver = () => 200;
    await bench.restart().start();
    await bench.clock.advance(SECOND);
    expect(bench.asked).toHaveLength(before);
    await bench.clock.advance(MINUTE);
    expect(bench.asked.slice(before).sort()).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_2_1']);
    expect(
      bench.attempts.filter(({ eventId }) => eventId === 'evt_call_1_1').map(({ attempt }) => attempt),
    ).toEqual([1, 2, 3]);
  });

  it('what was in flight is repeated, and nothing that was accepted', async () => {
    const bench = new Bench();
    bench.receiver = ({ event }) => (event === 'evt_call_1_2' ? new Promise(() => {}) : 200);
    bench.commit(eventRecord(1), eventRecord(2), eventRecord(3));
    await bench.clock.advance(0);
    await bench.deliveries.close();
    bench.receiver = () => 200;
    await bench.restart().start();
    await bench.clock.advance(0);
    expect(bench.asked).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_2', 'evt_call_1_3']);
    expect(bench.attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  it('what fell due meanwhile is sent at once', async () => {
    const bench = new Bench();
    bench.events.set('evt_call_1_1', eventRecord(1, 'call_1', { attempts: 4, nextAttemptAt: START - HOUR }));
    await bench.deliveries.start();
    await bench.clock.advance(0);
    expect(bench.attempts).toMatchObject([{ attempt: 5, status: 200 }]);
  });
});

describe('a receiver that accepts nothing for hours', () => {
  it('costs no memory, and is told everything in the end', async () => {
    const bench = new Bench();
    bench.receiver = () => 503;
    for (let call = 0; call < 700; call++) bench.commit(eventRecord(1, `call_${call}`));
    await bench.clock.advance(HOUR);
    expect(bench.deliveries.awake).toBe(0);
    expect(bench.deliveries.counts).toMatchObject({ pending: 700, delivered: 0 });
    // One timer for all of them.
    expect(bench.clock.pending).toBe(1);
    bench.receiver = () => 204;
    await bench.clock.advance(4 * HOUR);
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 700, oldestMs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  it('is told by the next process what this one had parked', async () => {
    const bench = new Bench();
    bench.receiver = () => 503;
    bench.commit(eventRecord(1), eventRecord(2));
    await bench.clock.advance(HOUR);
    await bench.deliveries.close();
    bench.receiver = () => 204;
    await bench.restart().start();
    expect(bench.deliveries.counts).toMatchObject({ pending: 2, oldestMs: HOUR });
    await bench.clock.advance(2 * HOUR);
    expect(bench.deliveries.counts).toMatchObject({ pending: 0, delivered: 2 });
  });
});

describe('a redelivery', () => {
  it('sends again what was delivered or dead, as the next attempt', async () => {
    const bench = new Bench();
    bench.receiver = () => 410;
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    bench.receiver = () => 200;
    for (const attempt of [2, 3]) {
      await bench.deliveries.redeliver('evt_call_1_1');
      await bench.clock.advance(0);
      expect(bench.attempts.at(-1)).toMatchObject({ attempt, status: 200 });
    }
    expect(bench.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered', attempts: 3 });
  });

  it('brings forward the next try of what is pending', async () => {
    const bench = new Bench();
    bench.receiver = () => 500;
    bench.commit(eventRecord());
    await bench.clock.advance(0);
    bench.receiver = () => 200;
    await bench.deliveries.redeliver('evt_call_1_1');
    await bench.clock.advance(HOUR);
    expect(bench.attempts.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('of what is in flight changes nothing', async () => {
    const bench = new Bench();
    bench.receiver = () => new Promise((resolve) => bench.clock.after(50, () => resolve(200)));
    bench.commit(eventRecord());
    await bench.deliveries.redeliver('evt_call_1_1');
    await bench.clock.advance(HOUR);
    expect(bench.asked).toHaveLength(1);
  });

  it('keeps no later event of the call waiting', async () => {
    const bench = new Bench();
    bench.commit(eventRecord(1));
    await bench.clock.advance(0);
    bench.receiver = ({ event }) => (event === 'evt_call_1_1' ? 500 : 200);
    await bench.deliveries.redeliver('evt_call_1_1');
    bench.commit(eventRecord(2));
    await bench.clock.advance(0);
    expect(bench.events.get('evt_call_1_2')?.state).toBe('delivered');
    expect(bench.events.get('evt_call_1_1')?.state).toBe('pending');
  });

  it('of an event that is not there, or cannot be sent, fails', async () => {
    const bench = new Bench();
    await expect(bench.deliveries.redeliver('evt_9')).rejects.toMatchObject({ code: 'event_not_found' });
    bench.commit(eventRecord(1, 'call_1', { state: 'unsent' }));
    bench.targets = () => undefined;
    await expect(bench.deliveries.redeliver('evt_call_1_1')).rejects.toMatchObject({
      code: 'no_webhook_url',
    });
  });
});
