import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkDocument } from '../contract/actions/index.ts';
import { EVENT_NAMES } from '../contract/events.ts';
import { newCall } from '../contract/resources/call.ts';
import { eventExample } from '../scripts/reference/events.ts';
import { TestCall } from '../src/streams/testing/streamed-call.ts';
import { signatureHeaders } from '../src/webhooks/index.ts';
import * as campaign from './campaign.ts';
import { application as conference } from './conference.ts';
import { application as forwarding } from './forwarding.ts';
import { application as gatherAndTransfer } from './gather-and-transfer.ts';
import { application as ivr } from './ivr.ts';
import { application as payment } from './payment.ts';
import { application as recordAndTranscribe } from './record-and-transcribe.ts';
import { application as streamEcho, takeStreams } from './stream-echo.ts';
import { type Application, createApplication } from './support/serve.ts';
import { application as voicemail } from './voicemail.ts';

const examples: Record<string, Application> = {
  ivr,
  'gather-and-transfer': gatherAndTransfer,
  forwarding,
  conference,
  'record-and-transcribe': recordAndTranscribe,
  campaign: campaign.application,
  voicemail,
  payment,
  'stream-echo': streamEcho,
};

const SECRET = 'a secret of the tests';
const servers: Server[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const run = (application: Application) => listen(createApplication(application, SECRET));

function post(url: string, message: object, { secret = SECRET, age = 0 } = {}): Promise<Response> {
  const body = JSON.stringify(message);
  const headers = signatureHeaders(Math.floor(Date.now() / 1000) - age, body, [secret]);
  return fetch(url, { method: 'POST', headers, body });
}

const call = eventExample('call.answered')['call'];
const question = (digits?: string) => ({
  reason: digits === undefined ? 'answer' : 'redirect',
  call,
  variables: {},
  data: digits === undefined ? {} : { digits, status: 'completed', timed_out: digits === '' },
});

type Actions = Record<string, Record<string, unknown>>[];

async function ask(url: string, digits?: string, secret = SECRET): Promise<Actions> {
  const answer = await post(url, question(digits), { secret });
  expect(answer.status).toBe(200);
  const document = (await answer.json()) as { actions: Actions };
  expect(checkDocument(document, { allowPrivateUrls: true, base: url })).toMatchObject({ ok: true });
  return document.actions;
}

const redirectOf = (actions: Actions): string | undefined =>
  actions.find((action) => action['redirect'])?.['redirect']?.['url'] as string | undefined;

/** What callers press: nothing, a choice, a customer's number, PINs, a card, its code. */
const PRESSED = ['', '1', '2', '1001', '4711', '9999', '4111111111111111', '000', '123'];

/** Asks for every page that any caller may reach, and gives all answers by address. */
async function walk(origin: string): Promise<Map<string, Actions[]>> {
  const answers = new Map<string, Actions[]>();
  const left: [url: string, digits?: string][] = [[`${origin}/answer`]];
  for (let next = left.pop(); next; next = left.pop()) {
    const [url, digits] = next;
    const actions = await ask(url, digits);
    answers.set(url, [...(answers.get(url) ?? []), actions]);
    const to = redirectOf(actions);
    const following = to && new URL(to, url).href;
    if (following && !answers.has(following)) {
      answers.set(following, []);
      left.push(...PRESSED.map((pressed): [string, string] => [following, pressed]));
    }
  }
  return answers;
}

describe.each(Object.entries(examples))('the example %s', (_, application) => {
  it('answers with documents that are valid, whatever the caller presses, and leaves no page out', async () => {
    const origin = await run(application);
    if (!application.pages['/answer']) return;
    const answers = await walk(origin);
    const reached = new Set([...answers.keys()].map((url) => new URL(url).pathname));
    expect([...reached].sort()).toEqual(Object.keys(application.pages).sort());
  });

  it('takes every event, and refuses what is not signed, signed wrongly, or too old', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const { onEvent = () => {}, pages } = application;
    const received: string[] = [];
    const origin = await run({
      pages,
      onEvent: (event) => {
        received.push(event.event);
        // What is read over REST after an event has its own test.
        return event.event.startsWith('ai.') ? undefined : onEvent(event);
      },
    });
    for (const name of EVENT_NAMES) {
      expect((await post(`${origin}/events`, eventExample(name))).status).toBe(204);
    }
    expect(received).toEqual(EVENT_NAMES);
    const before = log.mock.calls.length;
    const event = eventExample('recording.completed');
    const forged = [
      await fetch(`${origin}/events`, { method: 'POST', body: JSON.stringify(event) }),
      await post(`${origin}/events`, event, { secret: 'another' }),
      await post(`${origin}/events`, event, { age: 600 }),
    ];
    expect(forged.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(log.mock.calls.length).toBe(before);
    expect(received.length).toBe(EVENT_NAMES.length);
  });
});

describe('what an example is for', () => {
  it('the menu says goodbye after three wrong keys, and rings the desk at once for a 2', async () => {
    const origin = await run(ivr);
    let page = await ask(`${origin}/answer`);
    for (const wrong of ['9', '8']) page = await ask(redirectOf(page)!, wrong);
    expect((await ask(redirectOf(page)!, '2'))[1]).toHaveProperty('bridge');
    expect(await ask(redirectOf(page)!, '7')).toEqual([{ say: { text: 'Goodbye.' } }]);
  });

  it('the transfer leads to who looks after the customer', async () => {
    const origin = await run(gatherAndTransfer);
    const page = await ask(`${origin}/customer`, '1002');
    expect(page).toContainEqual({
      transfer: { destination: 'sip:green-desk@example.com', from: '+15550100000', timeout_seconds: 25 },
    });
  });

  it('the conference ends with its host, and a listener is mute', async () => {
    const origin = await run(conference);
    const joined = async (pin: string) => (await ask(`${origin}/join?tries=0`, pin))[1]?.['conference'];
    expect(await joined('4711')).toMatchObject({ mute: false, end_on_exit: true });
    expect(await joined('9999')).toMatchObject({ mute: true, end_on_exit: false });
  });

  it('a card number is asked for only while the recording pauses, and is in no answer', async () => {
    const origin = await run(payment);
    const start = await ask(`${origin}/answer`);
    const names = (actions: Actions) => actions.flatMap((action) => Object.keys(action));
    expect(names(start)).toEqual(['start_recording', 'say', 'pause_recording', 'gather', 'redirect']);
    const second = await ask(redirectOf(start)!, '4111111111111111');
    expect(JSON.stringify(second)).not.toContain('4111');
    expect([...start, ...second].flatMap(({ gather }) => (gather ? [gather['sensitive']] : []))).toEqual([
      true,
      true,
    ]);
    const paid = await ask(redirectOf(second)!, '123');
    expect(names(paid)).toEqual(['resume_recording', 'say']);
    expect(paid[1]!['say']!['text']).toContain('that is paid');
    expect((await ask(redirectOf(second)!, '123'))[1]!['say']!['text']).toContain('declined');
  });

  it('a transcript is read over REST when it is there', async () => {
    const asked: string[] = [];
    const api = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(
        JSON.stringify({ data: { full_text: 'It broke.', summary: 'A defect', sentiment: 'negative' } }),
      );
    });
    const url = await listen(api);
    const real = fetch;
    vi.stubGlobal('fetch', (path: string, init: RequestInit) =>
      real(path.replace(/^http:\/\/[^/]+/, url), init),
    );
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await recordAndTranscribe.onEvent!({ ...eventExample('call.completed'), event: 'ai.completed' } as never);
    expect(asked.sort()).toEqual(['/v1/calls/call_123/ai-summary', '/v1/calls/call_123/transcription']);
    expect(log.mock.calls.flat().join()).toContain('It broke.');
  });

  it('the campaign calls everybody once, never more than so many at a time, and waits when it must', async () => {
    const events = await run(campaign.application);
    const calls: string[] = [];
    const waits: number[] = [];
    let running = 0;
    let most = 0;
    let refusals = 2;
    const api = createServer(async (request, response) => {
      const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
      const { to, actions } = newCall.parse(body);
      expect(checkDocument({ actions })).toMatchObject({ ok: true });
      if (calls.length === 3 && refusals-- > 0) {
        return response
          .writeHead(429, { 'Retry-After': '2' })
          .end(JSON.stringify({ error: { code: 'cps_limit_reached' } }));
      }
      if (to.endsWith('9')) {
        return response.writeHead(402).end(JSON.stringify({ error: { code: 'insufficient_balance' } }));
      }
      most = Math.max(most, ++running);
      const id = `call_${calls.push(to)}`;
      response.end(JSON.stringify({ id }));
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      const example = eventExample('call.completed');
      await post(`${events}/events`, { ...example, call: { ...(call as object), id } });
    });
    const numbers = ['31', '32', '33', '34', '35', '39'].map((end) => `+155501000${end}`);
    const results = await campaign.run(numbers, {
      api: await listen(api),
      key: 'mv_live_test',
      from: '+15550100000',
      atOnce: 2,
      wait: async (seconds) => void waits.push(seconds),
    });
    expect(calls.sort()).toEqual(numbers.slice(0, 5));
    expect(results).toEqual({
      ...Object.fromEntries(numbers.map((number) => [number, 'normal'])),
      '+15550100039': 'insufficient_balance',
    });
    expect(most).toBeLessThanOrEqual(2);
    expect(waits).toEqual([2, 2]);
  });

  it('voicemail listens for two minutes, or until a key', async () => {
    const origin = await run(voicemail);
    const next = (page: Actions) => new URL(redirectOf(page)!, origin).href;
    let page = await ask(`${origin}/answer`);
    let seconds = 0;
    while (!page.some((action) => action['stop_recording'])) {
      seconds += page.find((action) => action['gather'])!['gather']!['timeout_seconds'] as number;
      page = await ask(next(page), '');
    }
    expect(seconds).toBe(120);
    const first = await ask(`${origin}/answer`);
    expect(first[1]!['start_recording']!['max_seconds']).toBeGreaterThan(120);
    expect((await ask(next(first), '5'))[0]).toEqual({ stop_recording: {} });
  });

  it('the echo plays to the caller what the caller said two seconds before', async () => {
    const server = createApplication(streamEcho, 'the new secret');
    const origin = await listen(server);
    const sockets = takeStreams(server, 'the new secret');
    const [, start] = await ask(`${origin}/answer`, undefined, 'the new secret');
    const unsigned = callAt(Date.now(), { secrets: () => ['a wrong secret'] });
    const url = start!['start_stream']!['stream_url'] as string;
    unsigned.start(url, { bidirectional: true });
    expect((await unsigned.noted('stream_lost'))[0]!['error']).toContain('401');
    const caller = callAt(Date.now());
    const sound = caller.start(url, { bidirectional: true });
    await caller.noted('stream_started');
    const played = Promise.withResolvers<Uint8Array>();
    sound.play = (payload) => played.resolve(payload);
    for (let frame = 0; frame <= 100; frame++) sound.emit('inbound', frame === 0 ? 42 : 7);
    expect([...new Set(await played.promise)]).toEqual([42]);
    caller.streams.close();
    unsigned.streams.close();
    sockets.close();
  });
});

function callAt(now: number, options?: ConstructorParameters<typeof TestCall>[0]): TestCall {
  const call = new TestCall(options);
  call.clock.jump(now - call.clock.now());
  return call;
}
