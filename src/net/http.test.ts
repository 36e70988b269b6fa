import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from './http.ts';
import type { HttpRequest } from './http-exchange.ts';

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const http = createHttpClient({ allowPrivate: true, ...options });
  open.push(() => http.close());
  return http;
}

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener) => listen(createHttpServer(listener) as unknown as Server);

/** Starts a server that writes `response` when it receives the first bytes of a connection. */
async function rawServer(response: string, then: (socket: Socket) => void = () => {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write(response, () => then(socket)));
  });
  return { url: await listen(server), sockets, connected: once(server, 'connection') };
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((done) => socket.once('close', done));
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  url,
  method: 'GET',
  timeoutMs: 5000,
  maxResponseBytes: 1000,
  ...more,
});

describe('a request', () => {
  it('sends method, path, query, headers and body, and returns the response', async () => {
    const url = await serve(async (request, response) => {
      const body = (await request.toArray()).join('');
      const { method, url, headers } = request;
      response.writeHead(201, { 'X-Twice': ['a', 'b'] });
      response.end(`${method} ${url} ${headers['x-one']} ${body}`);
    });
    const response = await client().request(
      get(`${url}/a/b?c=d#e`, { method: 'POST', headers: { 'X-One': '1' }, body: 'hé' }),
    );
    expect(response.status).toBe(201);
    expect(response.headers['x-twice']).toBe('a, b');
    expect(response.body.toString()).toBe('POST /a/b?c=d 1 hé');
    expect(response.truncated).toBe(false);
  });

  it('does not follow a redirect', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
    );
    const response = await client().request(get(url));
    expect(response).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  });

  it('reuses connections', async () => {
    const connections = new Set<Socket>();
    const url = await serve((request, response) => {
      connections.add(request.socket);
      response.end('ok');
    });
    const http = client();
    for (let i = 0; i < 10; i++) await http.request(get(url));
    // The second request starts in the turn in which the first one ends, before its connection is free.
    expect(connections.size).toBeLessThanOrEqual(2);
  });

  it('waits when all connections are busy', async () => {
    const held: ServerResponse[] = [];
    let most = 0;
    const answerBoth = () => {
      for (const response of held.splice(0)) response.end();
    };
    const url = await serve((_, response) => {
      held.push(response);
      most = Math.max(most, held.length);
      if (held.length === 2) setImmediate(answerBoth);
    });
    const http = client({ maxConnections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => http.request(get(url))));
    expect(most).toBe(2);
  });

  it('limits the connections of one tenant to a server', async () => {
    const held: ServerResponse[] = [];
    const url = await serve((request, response) => {
      if (request.url === '/hang') held.push(response);
      else response.end('fine');
    });
    const http = client({ maxConnections: 8 });
    const hangup = new AbortController();
    const hanging = Array.from({ length: 20 }, () =>
      http.request({ ...get(`${url}/hang`), tenant: 'one', signal: hangup.signal }),
    );
    const settled = Promise.allSettled(hanging);
    await expect(http.request({ ...get(url), tenant: 'other' })).resolves.toMatchObject({ status: 200 });
    expect(held.length).toBeLessThanOrEqual(4);
    hangup.abort(new Error('hung up'));
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(http.request({ ...get(url), tenant: 'one' })).resolves.toMatchObject({ status: 200 });
  });

  it('times out while it waits for a connection', async () => {
    const url = await serve((request) => void request.resume());
    const clock = new VirtualClock();
    const http = client({ maxConnections: 1, clock });
    const both = [1, 2].map(() => expect(http.request(get(url))).rejects.toMatchObject({ code: 'timeout' }));
    await clock.advance(5000);
    await Promise.all(both);
  });

  it('skips interim responses', async () => {
    const { url } = await rawServer(
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const response = await client().request(get(url));
    expect(response).toMatchObject({ status: 200, headers: { 'content-length': '2' } });
    expect(response.headers).not.toHaveProperty('link');
  });
});

describe('a URL from a customer', () => {
  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://user:secret@example.com/',
    'http://user@example.com/',
    '/relative',
    'http://',
    '',
  ])('%s is refused', async (url) => {
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'url_not_allowed' });
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://127.0.0.1./',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://１２７.0.0.1/',
    'https://10.0.0.1/',
  ])('%s is refused in every notation', async (url) => {
    const http = client({ allowPrivate: false });
    await expect(http.request(get(url))).rejects.toMatchObject({ code: 'address_not_allowed' });
  });

  it('does not reach a private address through a name', async () => {
    let requests = 0;
    const url = await serve((_, response) => response.end(String(requests++)));
    const http = client({ allowPrivate: false });
    await expect(http.request(get(url.replace('127.0.0.1', 'localhost')))).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
    expect(requests).toBe(0);
  });

  it('does not reach one through a name whose addresses change: each connection checks its own lookup', async () => {
    let requests = 0;
    const url = await serve((_, response) => response.end(String(requests++)));
    let lookups = 0;
    const http = client({
      allowPrivate: false,
      resolve: async () => [{ address: lookups++ === 0 ? '0.0.0.0' : '127.0.0.1', family: 4 }],
    });
    const rebinding = url.replace('127.0.0.1', 'rebinding.test');
    for (let i = 0; i < 3; i++) {
      await expect(http.request(get(rebinding))).rejects.toMatchObject({ code: 'address_not_allowed' });
    }
    expect(lookups).toBe(3);
    expect(requests).toBe(0);
  });
});

describe('a server that misbehaves', () => {
  const timesOut = async (response: string, message: RegExp) => {
    const clock = new VirtualClock();
    const { url, sockets, connected } = await rawServer(response, () => sent.resolve());
    const sent = Promise.withResolvers<void>();
    const request = client({ clock }).request(get(url));
    const rejected = expect(request).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(message),
    });
    await connected;
    await sent.promise;
    // The bytes are on loopback: let the client read them before the timeout.
    for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
    const gone = closed(sockets[0]!);
    await clock.advance(5000);
    await rejected;
    await gone;
    expect(clock.pending).toBe(0);
  };

  it('that does not respond makes the request time out', () => timesOut('', /^no response within 5000 ms$/));

  it('that stops within the headers makes the request time out', () =>
    timesOut('HTTP/1.1 200 OK\r\nX-Slow:', /within 5000 ms$/));

  it('that sends less than its Content-Length makes the request time out', () =>
    timesOut('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', /within 5000 ms$/));

  it('that does not send the last chunk makes the request time out', () =>
    timesOut('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', /within 5000 ms$/));

  it('that sends more than maxResponseBytes gets its connection closed', async () => {
    const { url, sockets } = await rawServer('HTTP/1.1 200 OK\r\n\r\n', (socket) => {
      const more = () => socket.writable && socket.write('x'.repeat(600), more);
      more();
    });
    const response = await client().request(get(url));
    expect(response.truncated).toBe(true);
    expect(response.body.toString()).toBe('x'.repeat(1000));
    await closed(sockets[0]!);
  });

  it('that sends exactly maxResponseBytes gets no truncated response', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(1000)));
    const response = await client().request(get(url));
    expect(response).toMatchObject({ truncated: false });
    expect(response.body.length).toBe(1000);
  });

  it.each([
    ['closes within its body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
    ['closes within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc'],
    ['closes without a response', ''],
    ['does not speak HTTP', 'SIP/2.0 200 OK\r\n\r\n'],
    [
      'sends two different Content-Length headers',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    ],
  ])('that %s causes answer_broken', async (_, response) => {
    const { url } = await rawServer(response, (socket) => socket.end());
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
  });

  it('that resets the connection within the body causes answer_broken', async () => {
    const { url } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab', (socket) =>
      socket.resetAndDestroy(),
    );
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
  });

  it('that sends more than its Content-Length gets only that much read', async () => {
    const { url } = await rawServer(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and something that follows',
    );
    expect((await client().request(get(url))).body.toString()).toBe('ok');
  });

  it('that sends endless headers causes answer_too_large', async () => {
    const { url } = await rawServer(`HTTP/1.1 200 OK\r\n${'X-Long: abcdefghij\r\n'.repeat(2000)}`);
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_too_large' });
  });

  it('that breaks off the body has responded, with allowPartialBody', async () => {
    const { url } = await rawServer('HTTP/1.1 202 OK\r\nContent-Length: 100\r\n\r\nshort', (socket) =>
      socket.end(),
    );
    const response = await client().request(get(url, { allowPartialBody: true }));
    expect(response).toMatchObject({ status: 202, truncated: true });
    expect(response.body.toString()).toBe('short');
  });
});

describe('the end of a request', () => {
  it('an aborted request rejects at once and closes its connection', async () => {
    const { url, sockets, connected } = await rawServer('');
    const hangup = new AbortController();
    const request = client().request(get(url, { signal: hangup.signal }));
    await connected;
    const gone = closed(sockets[0]!);
    hangup.abort(new Error('the caller hung up'));
    await expect(request).rejects.toThrow('the caller hung up');
    await gone;
    const late = client().request(get(url, { signal: hangup.signal }));
    await expect(late).rejects.toThrow('the caller hung up');
  });

  it('closing the client fails its requests', async () => {
    const { url, connected } = await rawServer('');
    const http = client();
    const request = expect(http.request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
    await connected;
    await http.close();
    await request;
  });

  it('a closed port causes connect_failed', async () => {
    const url = await listen(createServer());
    await open.pop()!();
    await expect(client().request(get(url))).rejects.toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('an unknown host name causes connect_failed', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' });
    };
    await expect(client({ resolve }).request(get('https://nowhere.test/'))).rejects.toMatchObject({
      code: 'connect_failed',
      message: 'cannot connect to nowhere.test: getaddrinfo ENOTFOUND nowhere.test',
    });
  });

  it('a server without TLS on an https URL causes tls_failed', async () => {
    const { url } = await rawServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(client().request(get(url.replace('http:', 'https:')))).rejects.toMatchObject({
      code: 'tls_failed',
    });
  });
});
