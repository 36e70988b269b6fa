import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { SensitiveCalls } from '../calls/index.ts';
import { Ids } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { createHttpClient } from '../net/index.ts';
import { attemptDelivery } from './attempt.ts';
import { verifySignature } from './signature.ts';
import { eventRecord } from './testing/bench.ts';

it('over real HTTP, a receiver can verify what it gets, and its answer is kept up to 4 KiB', async () => {
  const got = Promise.withResolvers<{ request: IncomingMessage; body: string }>();
  const server = createServer(async (request, response) => {
    got.resolve({ request, body: (await request.toArray()).join('') });
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
    const { request, body } = await got.promise;
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
