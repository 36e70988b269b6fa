import { expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import { SimulatedCall } from './testing/simulated-call.ts';

const PIN = '48213';
const GATHER = { gather: { num_digits: PIN.length, sensitive: true } };
const redirect = (path: string, more: object = {}) => ({
  redirect: { url: `https://app.example${path}`, method: 'POST', ...more },
});

/** A call that gathers a sensitive PIN, and then performs these actions. */
async function entered(
  then: object[],
  documents: ConstructorParameters<typeof SimulatedCall>[0] = {},
  settings: ConstructorParameters<typeof SimulatedCall>[1] = {},
): Promise<SimulatedCall> {
  const call = new SimulatedCall({ '/answer': [GATHER, ...then], ...documents }, settings);
  await call.seconds(0);
  call.leg.press(PIN);
  await call.seconds(10);
  return call;
}

/** The digits in the requests of this path. */
const digitsAt = (call: SimulatedCall, path: string) =>
  call.requests.filter(({ url }) => new URL(url).pathname === path).map(({ data }) => data['digits']);

const stored = (call: SimulatedCall) => JSON.stringify([call.timeline, call.events, call.record]);

test('sends sensitive digits in the request for the next document only', async () => {
  const call = await entered([redirect('/first')], {
    '/first': [redirect('/second')],
    '/second': [redirect('/third')],
    '/third': [],
  });
  expect(digitsAt(call, '/first')).toEqual([PIN]);
  expect(digitsAt(call, '/second')).toEqual(['*****']);
  expect(digitsAt(call, '/third')).toEqual(['*****']);
});

test('masks sensitive digits with GET, and sends them in the first POST request', async () => {
  const call = await entered([redirect('/first', { method: 'GET' })], {
    '/first': [redirect('/second')],
    '/second': [],
  });
  expect(digitsAt(call, '/first')).toEqual(['*****']);
  expect(digitsAt(call, '/second')).toEqual([PIN]);
});

test.each([
  ['POST', PIN],
  ['GET', '*****'],
] as const)('sends them to the fallback URL when a redirect fails: with %s', async (answerMethod, digits) => {
  const call = await entered(
    [redirect('/broken')],
    { '/broken': new Failure('answer_url_error', 'answered 500'), '/fallback': [] },
    { fallbackAnswerUrl: 'https://app.example/fallback', answerMethod },
  );
  expect(digitsAt(call, '/fallback')).toEqual([digits]);
});

test('sends other digits in every request', async () => {
  const call = new SimulatedCall({
    '/answer': [{ gather: { num_digits: 2 } }, redirect('/first', { method: 'GET' })],
    '/first': [redirect('/second')],
    '/second': [],
  });
  await call.seconds(0);
  call.leg.press('42');
  await call.seconds(1);
  expect([digitsAt(call, '/first'), digitsAt(call, '/second')]).toEqual([['42'], ['42']]);
});

test('masks digits that an application echoes on the timeline', async () => {
  const echo = {
    ...{ status: 200, body: `{"got":"${PIN}","spaced":"4 8 2 1 3"}`, error: null },
    headers: { location: `/next?pin=${PIN}`, 'x-pin': Buffer.from(PIN).toString('base64') },
  };
  const call = await entered([redirect('/echo')], {
    '/echo': (request) => {
      request.onExchange({ url: `${request.url}?pin=%34%38%32%31%33`, ...echo });
      return [];
    },
  });
  const text = stored(call);
  for (const form of [PIN, '4 8 2 1 3', '%34%38%32%31%33', Buffer.from(PIN).toString('base64')])
    expect(text).not.toContain(form);
  expect(text).toContain('/next?pin=*****');
});

test('masks digits that an invalid document echoes in the last event and the call', async () => {
  const call = await entered([redirect('/wrong')], {
    '/wrong': () => [{ say: { text: 'x', [`f${PIN}`]: PIN } }],
  });
  expect(call.reported.at(-1)).toBe('call.failed');
  expect(call.record?.error?.details).toHaveLength(1);
  expect(stored(call)).not.toContain(PIN);
});

test('masks digits in a stored variable', async () => {
  const call = await entered([{ set_variable: { name: 'account', value: `no. ${PIN}` } }]);
  expect(call.record?.variables).toEqual({ account: 'no. *****' });
  expect(stored(call)).not.toContain(PIN);
});

test.each([[PIN], ['4 8 2 1 3'], ['four eight two one three'], ['4-8-2-1-3']])(
  'keeps a text that reads them back out of recordings and streams: %s',
  async (form) => {
    const call = await entered([{ say: { text: `You entered ${form}.` } }, { say: { text: 'Thank you.' } }]);
    expect(call.recorded).toEqual(['silent', 'heard']);
    expect(call.leg.seen.filter((what) => what.includes('held back'))).toEqual([
      'held back',
      'no longer held back',
    ]);
  },
);

test('keeps a prompt that reads them back out of recordings', async () => {
  const call = await entered([{ gather: { prompt: `Is ${PIN} right?`, timeout_seconds: 1 } }]);
  expect(call.recorded).toEqual(['silent', 'heard']);
});

test('keeps them out of recordings when they are sent as DTMF', async () => {
  const call = await entered([{ send_digits: { digits: 'W4w82,13#' } }]);
  expect(call.leg.seen.filter((what) => what.includes('redacted'))).toEqual([
    ...['redacted', 'no longer redacted'],
    ...['redacted', 'no longer redacted'],
  ]);
});

test('masks the digits of an incomplete gather', async () => {
  const call = new SimulatedCall({
    '/answer': [{ gather: { num_digits: 8, timeout_seconds: 1, sensitive: true } }, redirect('/echo')],
    '/echo': (request) => {
      request.onExchange({ url: request.url, body: PIN });
      return [];
    },
  });
  await call.seconds(0);
  call.leg.press(PIN);
  await call.seconds(2);
  expect(stored(call)).not.toContain(PIN);
});

test('does not store sensitive digits without a webhook_url', async () => {
  const call = await entered([], {}, { webhookUrl: null });
  const { data } = call.events.find(({ event }) => event === 'call.gathered')!;
  expect(data).toMatchObject({ digits: '*****' });
  expect(data).not.toHaveProperty('sealed_digits');
});

test('does not mask sealed digits, whatever digits their text contains', async () => {
  const call = new SimulatedCall({ '/answer': [{ gather: { num_digits: 1, sensitive: true } }] });
  call.sealed = 'sealed:a-7-b';
  await call.seconds(0);
  call.leg.press('7');
  await call.seconds(1);
  const { data } = call.events.find(({ event }) => event === 'call.gathered')!;
  expect(data).toMatchObject({ digits: '*', sealed_digits: 'sealed:a-7-b' });
});
