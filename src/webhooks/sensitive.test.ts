import { expect, test } from 'vitest';
import { Bench, eventRecord, START } from './testing/bench.ts';

const HOUR = 3_600_000;
const PIN = '48213';
const URL_ = 'https://app.test/hook';
const EVENT = 'evt_call_1_1';

/** An event with sensitive digits, for the URL of that moment. */
const gathered = (patch: object = {}) =>
  eventRecord(1, 'call_1', {
    data: { digits: '*****', sealed_digits: JSON.stringify({ digits: PIN, url: URL_ }), status: 'completed' },
    ...patch,
  });

const sent = (bench: Bench) =>
  bench.requests.map(({ request }) => JSON.parse(String(request.body)).data.digits);

test('sensitive digits are erased when the first delivery is accepted, and never sent again', async () => {
  const bench = new Bench();
  bench.commit(gathered());
  await bench.clock.advance(0);
  expect(sent(bench)).toEqual([PIN]);
  expect(bench.events.get(EVENT)?.data).toEqual({ digits: '*****', status: 'completed' });
  await bench.deliveries.redeliver(EVENT);
  await bench.clock.advance(0);
  expect(sent(bench)).toEqual([PIN, '*****']);
});

test('a redelivery does not bring them back while the store cannot be written', async () => {
  const bench = new Bench();
  bench.fillDisk();
  bench.commit(gathered());
  await bench.clock.advance(0);
  await bench.deliveries.redeliver(EVENT).catch(() => {});
  bench.makeRoom();
  await bench.clock.advance(0);
  expect(sent(bench).filter((digits) => digits === PIN)).toHaveLength(1);
});

test('they are tried again until a delivery is accepted', async () => {
  const bench = new Bench();
  bench.receiver = () => 500;
  bench.commit(gathered());
  await bench.clock.advance(0);
  expect(bench.events.get(EVENT)?.data).toHaveProperty('sealed_digits');
  bench.receiver = () => 200;
  await bench.clock.advance(HOUR);
  expect(sent(bench)).toEqual([PIN, PIN]);
  expect(bench.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
});

test('after a restart they are masked in the answers to earlier events of the call too', async () => {
  const bench = new Bench();
  bench.receiver = () => 500;
  bench.words = () => `no ${PIN}`;
  const [earlier, later] = [eventRecord(1, 'call_1', {}), gathered({ id: 'evt_call_1_2', sequence: 2 })];
  for (const event of [earlier, later]) bench.events.set(event.id, event);
  await bench.deliveries.start();
  await bench.clock.advance(0);
  expect(bench.attempts.map(({ eventId, answer }) => [eventId, answer])).toEqual([[EVENT, 'no *****']]);
});

test.each([['a retry'], ['a redelivery']])('a changed webhook_url is not sent them: %s', async (how) => {
  const bench = new Bench();
  bench.receiver = () => 500;
  bench.commit(gathered());
  await bench.clock.advance(0);
  bench.receiver = () => 200;
  bench.targets = () => ({ url: 'https://other.test/hook', secrets: [] });
  if (how === 'a redelivery') await bench.deliveries.redeliver(EVENT);
  await bench.clock.advance(HOUR);
  expect(sent(bench)).toEqual([PIN, '*****']);
  expect(bench.requests.at(-1)?.request.url).toBe('https://other.test/hook');
});

test('after a day nobody is sent them, and they are erased', async () => {
  const bench = new Bench();
  bench.receiver = () => 500;
  await bench.deliveries.start();
  bench.commit(gathered());
  await bench.clock.advance(24 * HOUR);
  expect(bench.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
  bench.receiver = () => 200;
  await bench.deliveries.redeliver(EVENT);
  await bench.clock.advance(0);
  expect(sent(bench).at(-1)).toBe('*****');
});

test('what a former process has left for too long is erased at the start', async () => {
  const bench = new Bench();
  bench.events.set('evt_old', gathered({ id: 'evt_old', createdAt: START - 24 * HOUR, state: 'dead' }));
  bench.events.set('evt_new', gathered({ id: 'evt_new', createdAt: START - HOUR, state: 'dead' }));
  await bench.restart().start();
  expect(bench.events.get('evt_old')?.data).not.toHaveProperty('sealed_digits');
  expect(bench.events.get('evt_new')?.data).toHaveProperty('sealed_digits');
});

test('what cannot be erased now is erased an hour later', async () => {
  const bench = new Bench();
  bench.events.set('evt_old', gathered({ id: 'evt_old', createdAt: START - 24 * HOUR, state: 'dead' }));
  bench.eraseFails = true;
  await bench.restart().start();
  bench.eraseFails = false;
  await bench.clock.advance(HOUR);
  expect(bench.events.get('evt_old')?.data).not.toHaveProperty('sealed_digits');
});

test('what could not be erased is not sent after a day either', async () => {
  const bench = new Bench();
  bench.eraseFails = true;
  bench.events.set(EVENT, gathered({ createdAt: START - 24 * HOUR, state: 'dead' }));
  await bench.restart().start();
  await bench.deliveries.redeliver(EVENT);
  await bench.clock.advance(0);
  expect(sent(bench)).toEqual(['*****']);
});

test('an application without a webhook needs them no more', async () => {
  const bench = new Bench();
  bench.targets = () => undefined;
  bench.commit(gathered());
  await bench.clock.advance(0);
  expect(bench.events.get(EVENT)).toMatchObject({ state: 'unsent', data: { digits: '*****' } });
  expect(bench.events.get(EVENT)?.data).not.toHaveProperty('sealed_digits');
});

test('what a receiver echoes is masked in the attempt log, for every event of the call', async () => {
  const bench = new Bench();
  bench.words = () => `got ${PIN}, 4 8 2 1 3, ${Buffer.from(PIN).toString('base64')}`;
  bench.commit(gathered(), eventRecord(2), eventRecord(1, 'call_2'));
  await bench.clock.advance(0);
  const answers = (call: string) =>
    bench.attempts.filter(({ eventId }) => eventId.includes(call)).map(({ answer }) => answer);
  expect(answers('call_1')).toEqual(Array(2).fill('got *****, *********, *******='));
  expect(answers('call_2')[0]).toContain(PIN);
});

test('what a receiver echoes is masked where it is cut', async () => {
  const bench = new Bench();
  bench.words = () => 'x'.repeat(4093) + PIN;
  bench.commit(gathered());
  await bench.clock.advance(0);
  expect(bench.attempts[0]?.answer).toBe(`${'x'.repeat(4093)}***`);
});

test('an error that names them is masked', async () => {
  const bench = new Bench();
  bench.receiver = () => new Error(`no route to /hook?pin=${PIN}`);
  bench.commit(gathered());
  await bench.clock.advance(0);
  expect(bench.attempts[0]?.error).toBe('no route to /hook?pin=*****');
});
