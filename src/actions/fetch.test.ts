import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkDocumentText } from '../../contract/actions/index.ts';
import { answerQuery, answerRequest } from '../../contract/answer-request.ts';
import type { CallRecord } from '../calls/index.ts';
import { Failure, Ids, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { HttpRequest, HttpResponse } from '../net/index.ts';
import { createDocumentFetcher } from './fetch.ts';
import type { DocumentRequest } from './ports.ts';

const clock = new VirtualClock();
const ids = new Ids(clock);

const call: CallRecord = {
  id: ids.next('call'),
  customerId: ids.next('cust'),
  applicationId: ids.next('app'),
  providerCallId: '0b7e62a4-7a09-4d27-8d38-a61fbd4fdd0c',
  status: 'ringing',
  direction: 'inbound',
  from: '+15550001111',
  to: '+15550100000',
  answerUrl: 'https://app.test/answer',
  metadata: {},
  variables: { plan: 'gold' },
  routeMode: 'webhook',
  routingTarget: 'app_1',
  createdAt: clock.now(),
  dialingAt: null,
  ringingAt: clock.now(),
  answeredAt: null,
  endedAt: null,
  reason: null,
  endedBy: null,
  sipStatus: null,
  error: null,
  costAmount: null,
  costCurrency: null,
  sipHeaders: {},
};

const GATHERED = { digits: '42', status: 'completed', timed_out: false };
const HELLO = '{"actions":[{"say":{"text":"Hello"}}]}';

type Reply = { status?: number; body?: string | Buffer; truncated?: boolean } | Error;

/** Fetches from an application that gives these replies, one after the other. */
async function fetch(replies: Reply[], patch: Partial<DocumentRequest> = {}) {
  const requests: HttpRequest[] = [];
  const exchanges: Record<string, unknown>[] = [];
  const request = async (request: HttpRequest): Promise<HttpResponse> => {
    requests.push(request);
    const reply = replies.shift() ?? new Error('too many requests');
    if (reply instanceof Error) throw reply;
    const { status = 200, body = HELLO, truncated = false } = reply;
    return { status, headers: { server: 'test' }, body: Buffer.from(body), truncated, durationMs: 12 };
  };
  const http = { request, close: async () => {} };
  const documents = createDocumentFetcher({
    http,
    clock,
    log: silentLog,
    check: (text, base) => checkDocumentText(text, { base }),
  });
  const [result] = await Promise.allSettled([
    documents.fetch({
      url: 'https://app.test/answer?tenant=a%20b#top',
      method: 'POST',
      reason: 'answer',
      call,
      data: {},
      secrets: [],
      signal: new AbortController().signal,
      onExchange: (exchange) => exchanges.push(exchange),
      mask: (data) => data,
      ...patch,
    }),
  ]);
  const error = result.status === 'rejected' ? result.reason : undefined;
  return { requests, exchanges, error, actions: result.status === 'fulfilled' ? result.value : undefined };
}

it('resolves relative URLs against the requested URL, without the added query', async () => {
  const body = '{"actions":[{"play":{"url":"hello.wav"}},{"redirect":{"url":"?page=2"}}]}';
  const { actions } = await fetch([{ body }], { method: 'GET' });
  expect(actions).toMatchObject([
    { url: 'https://app.test/hello.wav' },
    { url: 'https://app.test/answer?page=2' },
  ]);
});

describe('the request', () => {
  it('has the call, its variables and the data in its body with POST', async () => {
    const { requests, actions } = await fetch([{}], { reason: 'redirect', data: GATHERED });
    expect(actions).toMatchObject([{ type: 'say', text: 'Hello' }]);
    const [request] = requests;
    expect(request).toMatchObject({
      method: 'POST',
      timeoutMs: 5000,
      headers: { 'Content-Type': 'application/json' },
    });
    const body = JSON.parse(String(request?.body));
    expect(answerRequest.strict().parse(body)).toEqual(body);
    expect(body).toMatchObject({
      reason: 'redirect',
      call: { id: call.id, status: 'ringing', from: '+15550001111', answer_url: 'https://app.test/answer' },
      variables: { plan: 'gold' },
      data: GATHERED,
    });
  });

  it("appends to the URL's query with GET, and has no body", async () => {
    const { requests } = await fetch([{}], { method: 'GET', reason: 'redirect', data: GATHERED });
    const [request] = requests;
    expect(request?.url).toMatch(/^https:\/\/app\.test\/answer\?tenant=a%20b&reason=redirect&call_id=call_/);
    const { tenant, ...own } = Object.fromEntries(new URL(request!.url).searchParams);
    expect(tenant).toBe('a b');
    expect(answerQuery.strict().parse(own)).toEqual(own);
    expect(own).toMatchObject({ from: '+15550001111', digits: '42', gather_status: 'completed' });
    expect(request).not.toHaveProperty('body');
  });

  it('has no digits in the query with GET when none were gathered', async () => {
    const { requests } = await fetch([{}], { method: 'GET', url: 'https://app.test/' });
    expect(requests[0]?.url).toMatch(/^https:\/\/app\.test\/\?reason=answer&/);
    expect(requests[0]?.url).not.toMatch(/digits|gather_status/);
  });

  it.each(['GET', 'POST'] as const)('is signed over timestamp and body with %s', async (method) => {
    const { requests } = await fetch([{}], { method, secrets: ['s3cret'] });
    const { headers, body = '' } = requests[0]!;
    const timestamp = String(Math.floor(clock.now() / 1000));
    const expected = createHmac('sha256', 's3cret').update(`${timestamp}.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'X-MiniVoice-Timestamp': timestamp,
      'X-MiniVoice-Signature': `v1=${expected}`,
    });
  });

  it.each([
    ['https://app.test/answer?tenant=a%20b#top', 'https://app.test/answer?tenant=a%20b&'],
    ['https://APP.test:443', 'https://app.test/?'],
    ['https://app.test/a b/../ä?q="x"', 'https://app.test/%C3%A4?q=%22x%22&'],
    ['https://app.test/answer?', 'https://app.test/answer?&'],
  ])('is signed over method and URL exactly as sent with GET: %s', async (url, sent) => {
    const { requests } = await fetch([{}], { method: 'GET', url, secrets: ['old', 'new'] });
    const [request] = requests;
    const timestamp = request?.headers?.['X-MiniVoice-Timestamp'];
    const values = ['old', 'new'].map((secret) => {
      const signed = `${timestamp}.GET.${request?.url}`;
      return `v1=${createHmac('sha256', secret).update(signed).digest('hex')}`;
    });
    expect(request?.url).toBe(new URL(request!.url).href);
    expect(request?.url.startsWith(sent)).toBe(true);
    expect(request?.headers?.['X-MiniVoice-Signature-URL']).toBe(values.join(','));
  });

  it('has no URL signature with POST', async () => {
    const { requests } = await fetch([{}], { secrets: ['s3cret'] });
    expect(requests[0]?.headers).not.toHaveProperty('X-MiniVoice-Signature-URL');
  });

  it('is not signed without a secret', async () => {
    const { requests } = await fetch([{}]);
    expect(Object.keys(requests[0]?.headers ?? {}).join()).not.toContain('X-MiniVoice');
  });
});

describe('when the application fails', () => {
  const broken = new Failure('connect_failed', 'cannot connect to app.test: ECONNREFUSED');

  it.each([
    ['the network fails', broken],
    ['the response breaks off', new Failure('answer_broken', 'the connection closed during the response')],
    ['the server responds with 500', { status: 500 }],
    ['the server responds with 503', { status: 503 }],
  ])('it is retried once when %s', async (_, reply) => {
    const again = await fetch([reply, {}]);
    expect(again.actions).toHaveLength(1);
    expect(again.exchanges).toHaveLength(2);
    const twice = await fetch([reply, reply, {}]);
    expect(twice.error).toMatchObject({ code: 'answer_url_error' });
    expect(twice.requests).toHaveLength(2);
  });

  it.each([
    ['a timeout', new Failure('timeout', 'no response within 5000 ms'), 'no response within 5000 ms'],
    [
      'a refused address',
      new Failure('address_not_allowed', '10.0.0.1 is a private address'),
      '10.0.0.1 is a private',
    ],
    ['a redirect', { status: 302 }, 'the server answered with 302'],
    ['not found', { status: 404 }, 'the server answered with 404'],
  ])('it is not retried after %s', async (_, reply, message) => {
    const { error, requests } = await fetch([reply, {}]);
    expect(error).toMatchObject({ code: 'answer_url_error', message: expect.stringContaining(message) });
    expect(requests).toHaveLength(1);
  });

  it('reports every exchange, with 64 KiB of the response', async () => {
    const { exchanges } = await fetch([broken, { status: 500, body: 'x'.repeat(70_000) }]);
    const exchange = { url: 'https://app.test/answer?tenant=a%20b#top', method: 'POST' };
    expect(exchanges).toEqual([
      { ...exchange, status: null, duration_ms: 0, error: 'cannot connect to app.test: ECONNREFUSED' },
      {
        ...exchange,
        status: 500,
        duration_ms: 12,
        headers: { server: 'test' },
        body: 'x'.repeat(65_536),
        error: 'the server answered with 500',
      },
    ]);
  });

  it('does not report the digits that the caller pressed', async () => {
    const { exchanges } = await fetch([{}], { method: 'GET', reason: 'redirect', data: GATHERED });
    expect(JSON.stringify(exchanges)).not.toContain('42');
  });
});

describe('a document', () => {
  it.each([
    ['is not JSON', { body: '{"actions":' }, [{ pointer: '', code: 'invalid_json' }]],
    ['is empty', { status: 204, body: '' }, [{ pointer: '', code: 'invalid_json' }]],
    ['is not UTF-8', { body: Buffer.from([0x7b, 0xe4, 0x7d]) }, [{ pointer: '', code: 'invalid_json' }]],
    ['is too large', { truncated: true }, [{ pointer: '', code: 'payload_too_large' }]],
    [
      'has two invalid actions',
      { body: '{"actions":[{"say":{}},{"fly":{}}]}' },
      [
        { pointer: '/actions/0/say/text', code: 'required' },
        { pointer: '/actions/1/fly', code: 'unknown_action' },
      ],
    ],
  ])('is rejected without a retry when it %s', async (_, reply, details) => {
    const { error, requests, exchanges } = await fetch([reply, {}]);
    expect(error).toMatchObject({ code: 'answer_url_error', message: 'invalid action payload', details });
    expect(requests).toHaveLength(1);
    expect(exchanges).toHaveLength(1);
  });

  it('may start with a byte order mark', async () => {
    expect((await fetch([{ body: `\uFEFF${HELLO}` }])).actions).toHaveLength(1);
  });
});

it('a hangup ends the request and is not reported as an error of the application', async () => {
  const hangup = new AbortController();
  const reason = new Error('the caller hung up');
  const promise = fetch([new Failure('answer_broken', 'the connection closed during the response'), {}], {
    signal: hangup.signal,
  });
  hangup.abort(reason);
  const { error, requests } = await promise;
  expect(error).toBe(reason);
  expect(requests).toHaveLength(1);
});
