import { expect, test } from 'vitest';
import { eventRecord, Harness, START } from './testing/harness.ts';

const HOUR = 3_600_000;
const PIN = '48213';
const URL_ = 'https://app.test/hook';
const EVENT = 'evt_call_1_1';

/** An event with sensitive digits that may be sent to `URL_`. */
const gathered = (patch: object = {}) =>
  eventRecord(1, 'call_1', {
    data: { digits: '*****', sealed_digits: JSON.stringify({ digits: PIN, url: URL_ }), status: 'completed' },
    ...patch,
  });

const sent = (harness: Harness) =>
  harness.requests.map(({ request }) => JSON.parse(String(request.body)).data.digits);

test('erases sensitive digits when the first delivery is accepted, and never sends them again', async () => {
  const harness = new Harness();
  harness.commit(gathered());
  await harness.clock.advance(0);
  expect(sent(harness)).toEqual([PIN]);
  expect(harness.events.get(EVENT)?.data).toEqual({ digits: '*****', status: 'completed' });
  await harness.deliveries.redeliver(EVENT);
  await harness.clock.advance(0);
  expect(sent(harness)).toEqual([PIN, '*****']);
});

test('a redelivery does not send them again while the store cannot be written', async () => {
  const harness = new Harness();
  harness.fillDisk();
  harness.commit(gathered());
  await harness.clock.advance(0);
  await harness.deliveries.redeliver(EVENT).catch(() => {});
  harness.freeDisk();
  await harness.clock.advance(0);
  expect(sent(harness).filter((digits) => digits === PIN)).toHaveLength(1);
});

test('sends them in every attempt until one is accepted', async () => {
  const harness = new Harness();
  harness.receiver = () => 500;
  harness.commit(gathered());
  await harness.clock.advance(0);
  expect(harness.events.get(EVENT)?.data).toHaveProperty('sealed_digits');
  harness.receiver = () => 200;
  await harness.clock.advance(HOUR);
  expect(sent(harness)).toEqual([PIN, PIN]);
  expect(harness.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
});

test('masks them in responses to earlier events of the call, also after a restart', async () => {
  const harness = new Harness();
  harness.receiver = () => 500;
  harness.responseBody = () => `no ${PIN}`;
  const [earlier, later] = [eventRecord(1, 'call_1', {}), gathered({ id: 'evt_call_1_2', sequence: 2 })];
  for (const event of [earlier, later]) harness.events.set(event.id, event);
  await harness.deliveries.start();
  await harness.clock.advance(0);
  expect(harness.attempts.map(({ eventId, answer }) => [eventId, answer])).toEqual([[EVENT, 'no *****']]);
});

test.each([['a retry'], ['a redelivery']])('does not send them to a changed webhook_url: %s', async (how) => {
  const harness = new Harness();
  harness.receiver = () => 500;
  harness.commit(gathered());
  await harness.clock.advance(0);
  harness.receiver = () => 200;
  harness.target = () => ({ url: 'https://other.test/hook', secrets: [] });
  if (how === 'a redelivery') await harness.deliveries.redeliver(EVENT);
  await harness.clock.advance(HOUR);
  expect(sent(harness)).toEqual([PIN, '*****']);
  expect(harness.requests.at(-1)?.request.url).toBe('https://other.test/hook');
});

test('erases them after a day, and sends them to nobody', async () => {
  const harness = new Harness();
  harness.receiver = () => 500;
  await harness.deliveries.start();
  harness.commit(gathered());
  await harness.clock.advance(24 * HOUR);
  expect(harness.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
  harness.receiver = () => 200;
  await harness.deliveries.redeliver(EVENT);
  await harness.clock.advance(0);
  expect(sent(harness).at(-1)).toBe('*****');
});

test('erases old digits of an earlier process at the start', async () => {
  const harness = new Harness();
  harness.events.set('evt_old', gathered({ id: 'evt_old', createdAt: START - 24 * HOUR, state: 'dead' }));
  harness.events.set('evt_new', gathered({ id: 'evt_new', createdAt: START - HOUR, state: 'dead' }));
  await harness.restart().start();
  expect(harness.events.get('evt_old')?.data).not.toHaveProperty('sealed_digits');
  expect(harness.events.get('evt_new')?.data).toHaveProperty('sealed_digits');
});

test('erases digits an hour later when the store failed', async () => {
  const harness = new Harness();
  harness.events.set('evt_old', gathered({ id: 'evt_old', createdAt: START - 24 * HOUR, state: 'dead' }));
  harness.eraseFails = true;
  await harness.restart().start();
  harness.eraseFails = false;
  await harness.clock.advance(HOUR);
  expect(harness.events.get('evt_old')?.data).not.toHaveProperty('sealed_digits');
});

test('does not send digits after a day, although they could not be erased', async () => {
  const harness = new Harness();
  harness.eraseFails = true;
  harness.events.set(EVENT, gathered({ createdAt: START - 24 * HOUR, state: 'dead' }));
  await harness.restart().start();
  await harness.deliveries.redeliver(EVENT);
  await harness.clock.advance(0);
  expect(sent(harness)).toEqual(['*****']);
});

test('erases them when the application has no webhook any more', async () => {
  const harness = new Harness();
  harness.target = () => undefined;
  harness.commit(gathered());
  await harness.clock.advance(0);
  expect(harness.events.get(EVENT)).toMatchObject({ state: 'unsent', data: { digits: '*****' } });
  expect(harness.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
});

test('masks digits that a receiver echoes in the stored response, for every event of the call', async () => {
  const harness = new Harness();
  harness.responseBody = () => `got ${PIN}, 4 8 2 1 3, ${Buffer.from(PIN).toString('base64')}`;
  harness.commit(gathered(), eventRecord(2), eventRecord(1, 'call_2'));
  await harness.clock.advance(0);
  const answers = (call: string) =>
    harness.attempts.filter(({ eventId }) => eventId.includes(call)).map(({ answer }) => answer);
  expect(answers('call_1')).toEqual(Array(2).fill('got *****, *********, *******='));
  expect(answers('call_2')[0]).toContain(PIN);
});

test('masks echoed digits that are cut at the end of the stored response', async () => {
  const harness = new Harness();
  harness.responseBody = () => 'x'.repeat(4093) + PIN;
  harness.commit(gathered());
  await harness.clock.advance(0);
  expect(harness.attempts[0]?.answer).toBe(`${'x'.repeat(4093)}***`);
});

test('masks them in the stored error', async () => {
  const harness = new Harness();
  harness.receiver = () => new Error(`no route to /hook?pin=${PIN}`);
  harness.commit(gathered());
  await harness.clock.advance(0);
  expect(harness.attempts[0]?.error).toBe('no route to /hook?pin=*****');
});
