import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { SensitiveCalls } from '../calls/index.ts';
import { Ids } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { createHttpClient } from '../net/index.ts';
import { attemptDelivery, webhookBody } from './attempt.ts';
import { verifySignature } from './signature.ts';
import { callRecord, eventRecord } from './testing/harness.ts';

it('a receiver verifies the request over real HTTP, and 4 KiB of its response are stored', async () => {
  const received = Promise.withResolvers<{ request: IncomingMessage; body: string }>();
  const server = createServer(async (request, response) => {
    received.resolve({ request, body: (await request.toArray()).join('') });
    response.writeHead(202).end('x'.repeat(10_000));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const http = createHttpClient({ allowPrivate: true });
  const clock = new VirtualClock();
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?tenant=1`;
    const attempt = await attemptDelivery(
      eventRecord(),
      { url, secrets: ['new', 'old'] },
      { http, clock, ids: new Ids(clock), open: String, sensitive: new SensitiveCalls(clock) },
      new AbortController().signal,
    );
    expect(attempt).toMatchObject({ status: 202, error: null, answer: 'x'.repeat(4096) });
    const { request, body } = await received.promise;
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/hook?tenant=1');
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'MiniVoice',
      'x-minivoice-event': 'call.gathered',
      'x-minivoice-delivery': attempt.id,
      'x-minivoice-attempt': '1',
    });
    for (const secret of ['new', 'old']) {
      expect(verifySignature(request.headers, body, secret, clock.now() / 1000)).toBe(true);
    }
    expect(verifySignature(request.headers, body, 'other', clock.now() / 1000)).toBe(false);
  } finally {
    await http.close();
    server.close();
  }
});

it('the body has the event, its call and variables, and its place in the call', () => {
  const call = callRecord({ id: 'call_7', variables: { plan: 'gold' }, status: 'completed' });
  const event = eventRecord(3, 'call_7', {
    event: 'recording.completed',
    eventKey: 'call_7:recording.completed:2',
    call,
    data: { recording_id: 'rec_call_7_2', status: 'completed', duration_seconds: 120, size_bytes: 204800 },
  });
  expect(JSON.parse(webhookBody(event))).toEqual({
    event: 'recording.completed',
    created_at: '2026-05-29T12:00:00Z',
    call: {
      id: 'call_7',
      customer_id: 'cust_1',
      application_id: 'app_1',
      provider_call_id: '0b7e62a4-7a09-4d27-8d38-a61fbd4fdd0c',
      status: 'completed',
      direction: 'inbound',
      from: '+15550001111',
      to: '+15550100000',
      route_mode: 'webhook',
      routing_target: 'app_1',
      sip_headers: {},
    },
    variables: { plan: 'gold' },
    data: {
      event_key: 'call_7:recording.completed:2',
      sequence: 3,
      recording_id: 'rec_call_7_2',
      status: 'completed',
      duration_seconds: 120,
      size_bytes: 204800,
    },
  });
});

it('the body of an event is the same after it was stored as JSON', () => {
  const event = eventRecord(1, 'call_1', { data: { z: 1, a: { y: [2, 'é'], b: null } } });
  expect(webhookBody(JSON.parse(JSON.stringify(event)))).toBe(webhookBody(event));
});

it('the body has no sealed digits; plain digits replace the masked ones', () => {
  const data = { digits: '****', sealed_digits: 'sealed:1837', status: 'completed' };
  const event = eventRecord(1, 'call_1', { data });
  expect(JSON.parse(webhookBody(event)).data).toMatchObject({ digits: '****', status: 'completed' });
  expect(JSON.parse(webhookBody(event, '1837')).data).toMatchObject({ digits: '1837', status: 'completed' });
  expect(webhookBody(event, '1837')).not.toContain('sealed');
});
