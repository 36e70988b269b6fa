import { describe, expect, it } from 'vitest';
import { callRecord, eventRecord, Harness, START } from './testing/harness.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('one event', () => {
  it('is sent at once, and recorded as delivered', async () => {
    const harness = new Harness();
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    expect(harness.events.get('evt_call_1_1')).toMatchObject({
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: null,
    });
    expect(harness.attempts).toEqual([
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
    expect(harness.deliveries.counts).toEqual({ pending: 0, oldestMs: 0, delivered: 1, failed: 0, dead: 0 });
    expect(harness.clock.pending).toBe(0);
  });

  it.each([200, 201, 202, 204, 299])('is accepted by a %i', async (status) => {
    const harness = new Harness();
    harness.receiver = () => status;
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    expect(harness.events.get('evt_call_1_1')?.state).toBe('delivered');
  });

  it.each([301, 302, 400, 401, 404, 429, 500, 503])('is sent again after a %i', async (status) => {
    const harness = new Harness();
    harness.receiver = () => status;
    harness.commit(eventRecord());
    await harness.clock.advance(7 * SECOND);
    expect(harness.received).toHaveLength(2);
    expect(harness.attempts[0]).toMatchObject({ status, error: `the receiver answered with ${status}` });
  });

  it('is sent ten times over 22 hours, each wait within 20 % of the schedule, and then dead', async () => {
    const harness = new Harness();
    harness.receiver = () => new Error('connect failed');
    harness.commit(eventRecord());
    await harness.clock.advance(30 * HOUR);
    const waits = harness.requests.slice(1).map(({ at }, i) => at - harness.requests[i]!.at);
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
    expect(harness.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(harness.attempts.at(-1)).toMatchObject({ status: null, error: 'connect failed', answer: '' });
    expect(harness.events.get('evt_call_1_1')).toMatchObject({
      state: 'dead',
      attempts: 10,
      nextAttemptAt: null,
    });
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, failed: 10, dead: 1 });
    expect(harness.clock.pending).toBe(0);
  });

  it('is dead at once when the receiver responds with 410', async () => {
    const harness = new Harness();
    harness.receiver = () => 410;
    harness.commit(eventRecord());
    await harness.clock.advance(24 * HOUR);
    expect(harness.received).toHaveLength(1);
    expect(harness.events.get('evt_call_1_1')).toMatchObject({ state: 'dead', attempts: 1 });
  });

  it('has the same body in every attempt, and the number of the attempt in a header', async () => {
    const harness = new Harness();
    harness.receiver = () => 500;
    harness.commit(eventRecord());
    await harness.clock.advance(HOUR);
    const [first, ...rest] = harness.requests.map(({ request }) => request);
    expect(rest.length).toBeGreaterThan(3);
    for (const [i, { body, headers }] of rest.entries()) {
      expect(body).toBe(first?.body);
      expect(headers?.['X-MiniVoice-Attempt']).toBe(String(i + 2));
    }
    const deliveries = harness.requests.map(({ request }) => request.headers?.['X-MiniVoice-Delivery']);
    expect(deliveries).toEqual(harness.attempts.map(({ id }) => id));
    expect(new Set(deliveries).size).toBe(deliveries.length);
  });

  it('is not sent when the application has no webhook', async () => {
    const harness = new Harness();
    harness.commit(eventRecord(1, 'call_1', { state: 'unsent' }));
    harness.target = () => undefined;
    harness.commit(eventRecord(2));
    await harness.clock.advance(HOUR);
    expect(harness.received).toEqual([]);
    expect(harness.events.get('evt_call_1_2')).toMatchObject({ state: 'unsent', attempts: 0 });
    expect(harness.deliveries.counts.pending).toBe(0);
  });

  it('is sent at once although the clock was set back after it happened', async () => {
    const harness = new Harness();
    harness.commit(eventRecord(1, 'call_1', { nextAttemptAt: START + HOUR }));
    await harness.clock.advance(0);
    expect(harness.events.get('evt_call_1_1')?.state).toBe('delivered');
  });

  it('shares connections per customer, not per application', async () => {
    const harness = new Harness();
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    expect(harness.requests[0]?.request.tenant).toBe(callRecord().customerId);
  });

  it('is recorded although the response contains a NUL, which a database cannot store', async () => {
    const harness = new Harness();
    harness.responseBody = () => 'a\0b';
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    expect(harness.attempts[0]?.answer).toBe('a\uFFFDb');
  });
});

describe('the events of one call', () => {
  it('are sent in order, each when the previous one was accepted', async () => {
    const harness = new Harness();
    const held: ((status: number) => void)[] = [];
    harness.receiver = () => new Promise((resolve) => held.push(resolve));
    harness.commit(eventRecord(1), eventRecord(2));
    harness.commit(eventRecord(3));
    for (const expected of [1, 2, 3]) {
      await harness.clock.advance(0);
      expect(harness.received).toHaveLength(expected);
      held.shift()?.(200);
    }
    await harness.clock.advance(0);
    expect(harness.received).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_3']);
  });

  it('are sorted when they are committed out of order', async () => {
    const harness = new Harness();
    harness.commit(eventRecord(2), eventRecord(1));
    await harness.clock.advance(0);
    expect(harness.received).toEqual(['evt_call_1_1', 'evt_call_1_2']);
  });

  it('wait for an earlier one until its third failure, then overtake it', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) => (event === 'evt_call_1_1' ? 500 : 200);
    harness.commit(eventRecord(1), eventRecord(2), eventRecord(3));
    await harness.clock.advance(20 * SECOND);
    expect(harness.received).toEqual(['evt_call_1_1', 'evt_call_1_1']);
    await harness.clock.advance(30 * SECOND);
    expect(harness.received.slice(2)).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_3']);
    expect(harness.events.get('evt_call_1_1')?.state).toBe('pending');
    harness.receiver = () => 200;
    await harness.clock.advance(3 * MINUTE);
    expect(harness.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered', attempts: 4 });
  });

  it('do not wait for a dead one', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) => (event === 'evt_call_1_1' ? 410 : 200);
    harness.commit(eventRecord(1), eventRecord(2));
    await harness.clock.advance(0);
    expect(harness.events.get('evt_call_1_2')?.state).toBe('delivered');
  });

  it('do not delay those of another call', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) => (event.includes('call_1') ? 500 : 200);
    harness.commit(eventRecord(1, 'call_1'), eventRecord(2, 'call_1'), eventRecord(1, 'call_2'));
    await harness.clock.advance(0);
    expect(harness.received).toEqual(['evt_call_1_1', 'evt_call_2_1']);
  });
});

describe('a receiver that does not answer', () => {
  const many = (applicationId: string, count: number) =>
    Array.from({ length: count }, (_, i) => eventRecord(1, `call_${applicationId}_${i}`, { applicationId }));

  it('gets a hundred attempts at a time, and no other application waits', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) => (event.includes('slow') ? new Promise(() => {}) : 200);
    harness.commit(...many('slow', 500), ...many('quick', 500));
    await harness.clock.advance(0);
    expect(harness.received.filter((id) => id.includes('slow'))).toHaveLength(100);
    expect(harness.received.filter((id) => id.includes('quick'))).toHaveLength(500);
    expect(harness.deliveries.counts).toMatchObject({ pending: 500, delivered: 500 });
  });

  it('gets all events once it responds again', async () => {
    const harness = new Harness();
    let up = false;
    harness.receiver = () =>
      up ? 200 : new Promise((resolve) => harness.clock.after(10_000, () => resolve(new Error('timeout'))));
    harness.commit(...many('a', 300));
    await harness.clock.advance(20 * SECOND);
    expect(harness.deliveries.counts).toMatchObject({ pending: 300, delivered: 0, oldestMs: 20 * SECOND });
    up = true;
    await harness.clock.advance(HOUR);
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 300 });
  });
});

describe('after a restart', () => {
  it('pending events keep their schedule', async () => {
    const harness = new Harness();
    harness.receiver = () => 503;
    harness.commit(eventRecord(1), eventRecord(2), eventRecord(1, 'call_2'));
    await harness.clock.advance(10 * SECOND);
    await harness.deliveries.close();
    expect(harness.clock.pending).toBe(0);
    const before = harness.received.length;
    harness.receiver = () => 200;
    await harness.restart().start();
    await harness.clock.advance(SECOND);
    expect(harness.received).toHaveLength(before);
    await harness.clock.advance(MINUTE);
    expect(harness.received.slice(before).sort()).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_2_1']);
    expect(
      harness.attempts.filter(({ eventId }) => eventId === 'evt_call_1_1').map(({ attempt }) => attempt),
    ).toEqual([1, 2, 3]);
  });

  it('attempts in flight are repeated, accepted events are not', async () => {
    const harness = new Harness();
    harness.receiver = ({ event }) => (event === 'evt_call_1_2' ? new Promise(() => {}) : 200);
    harness.commit(eventRecord(1), eventRecord(2), eventRecord(3));
    await harness.clock.advance(0);
    await harness.deliveries.close();
    harness.receiver = () => 200;
    await harness.restart().start();
    await harness.clock.advance(0);
    expect(harness.received).toEqual(['evt_call_1_1', 'evt_call_1_2', 'evt_call_1_2', 'evt_call_1_3']);
    expect(harness.attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  it('overdue events are sent at once', async () => {
    const harness = new Harness();
    harness.events.set(
      'evt_call_1_1',
      eventRecord(1, 'call_1', { attempts: 4, nextAttemptAt: START - HOUR }),
    );
    await harness.deliveries.start();
    await harness.clock.advance(0);
    expect(harness.attempts).toMatchObject([{ attempt: 5, status: 200 }]);
  });
});

describe('a receiver that accepts nothing for hours', () => {
  it('costs no memory, and gets all events in the end', async () => {
    const harness = new Harness();
    harness.receiver = () => 503;
    for (let call = 0; call < 700; call++) harness.commit(eventRecord(1, `call_${call}`));
    await harness.clock.advance(HOUR);
    expect(harness.deliveries.inMemory).toBe(0);
    expect(harness.deliveries.counts).toMatchObject({ pending: 700, delivered: 0 });
    // One timer for all of them.
    expect(harness.clock.pending).toBe(1);
    harness.receiver = () => 204;
    await harness.clock.advance(4 * HOUR);
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 700, oldestMs: 0 });
    expect(harness.clock.pending).toBe(0);
  });

  it('gets the events that an earlier process parked', async () => {
    const harness = new Harness();
    harness.receiver = () => 503;
    harness.commit(eventRecord(1), eventRecord(2));
    await harness.clock.advance(HOUR);
    await harness.deliveries.close();
    harness.receiver = () => 204;
    await harness.restart().start();
    expect(harness.deliveries.counts).toMatchObject({ pending: 2, oldestMs: HOUR });
    await harness.clock.advance(2 * HOUR);
    expect(harness.deliveries.counts).toMatchObject({ pending: 0, delivered: 2 });
  });
});

describe('a redelivery', () => {
  it('sends a delivered or dead event again, as the next attempt', async () => {
    const harness = new Harness();
    harness.receiver = () => 410;
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    harness.receiver = () => 200;
    for (const attempt of [2, 3]) {
      await harness.deliveries.redeliver('evt_call_1_1');
      await harness.clock.advance(0);
      expect(harness.attempts.at(-1)).toMatchObject({ attempt, status: 200 });
    }
    expect(harness.events.get('evt_call_1_1')).toMatchObject({ state: 'delivered', attempts: 3 });
  });

  it('sends a pending event before its next attempt is due', async () => {
    const harness = new Harness();
    harness.receiver = () => 500;
    harness.commit(eventRecord());
    await harness.clock.advance(0);
    harness.receiver = () => 200;
    await harness.deliveries.redeliver('evt_call_1_1');
    await harness.clock.advance(HOUR);
    expect(harness.attempts.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('of an event in flight changes nothing', async () => {
    const harness = new Harness();
    harness.receiver = () => new Promise((resolve) => harness.clock.after(50, () => resolve(200)));
    harness.commit(eventRecord());
    await harness.deliveries.redeliver('evt_call_1_1');
    await harness.clock.advance(HOUR);
    expect(harness.received).toHaveLength(1);
  });

  it('does not delay later events of the call', async () => {
    const harness = new Harness();
    harness.commit(eventRecord(1));
    await harness.clock.advance(0);
    harness.receiver = ({ event }) => (event === 'evt_call_1_1' ? 500 : 200);
    await harness.deliveries.redeliver('evt_call_1_1');
    harness.commit(eventRecord(2));
    await harness.clock.advance(0);
    expect(harness.events.get('evt_call_1_2')?.state).toBe('delivered');
    expect(harness.events.get('evt_call_1_1')?.state).toBe('pending');
  });

  it('fails when the event does not exist or has no receiver', async () => {
    const harness = new Harness();
    await expect(harness.deliveries.redeliver('evt_9')).rejects.toMatchObject({ code: 'event_not_found' });
    harness.commit(eventRecord(1, 'call_1', { state: 'unsent' }));
    harness.target = () => undefined;
    await expect(harness.deliveries.redeliver('evt_call_1_1')).rejects.toMatchObject({
      code: 'no_webhook_url',
    });
  });
});
