import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions, type HttpRequest } from './http.ts';

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

/** A server that writes these bytes as its answer to the first bytes of each connection. */
async function answering(answer: string, then: (socket: Socket) => void = () => {}) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write(answer, () => then(socket)));
  });
  return { url: await listen(server), sockets, asked: once(server, 'connection') };
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((done) => socket.once('close', done));
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  url,
  method: 'GET',
  timeoutMs: 5000,
  maxAnswerBytes: 1000,
  ...more,
});

describe('a request', () => {
  it('carries method, path, query, headers and body, and brings back the answer', async () => {
    const url = await serve(async (request, response) => {
      const body = (await request.toArray()).join('');
      const { method, url, headers } = request;
      response.writeHead(201, { 'X-Twice': ['a', 'b'] });
      response.end(`${method} ${url} ${headers['x-one']} ${body}`);
    });
    const answer = await client().request(
      get(`${url}/a/b?c=d#e`, { method: 'POST', headers: { 'X-One': '1' }, body: 'hé' }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers['x-twice']).toBe('a, b');
    expect(answer.body.toString()).toBe('POST /a/b?c=d 1 hé');
    expect(answer.truncated).toBe(false);
  });

  it('does not follow a redirect', async () => {
    const url = await serve((_, response) =>
      response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
    );
    const answer = await client().request(get(url));
    expect(answer).toMatchObject({ status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  });

  it('uses connections again', async () => {
    const connections = new Set<Socket>();
    const url = await serve((request, response) => {
      connections.add(request.socket);
      response.end('ok');
    });
    const http = client();
    for (let i = 0; i < 10; i++) await http.request(get(url));
    // The second begins in the very turn in which the first ends, before its connection is free again.
    expect(connections.size).toBeLessThanOrEqual(2);
  });

  it('waits its turn when all connections are busy', async () => {
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

  it('lets no tenant take all the connections to a server', async () => {
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

  it('gives up a request that has waited too long for a connection', async () => {
    const url = await serve((request) => void request.resume());
    const clock = new VirtualClock();
    const http = client({ maxConnections: 1, clock });
    const both = [1, 2].map(() => expect(http.request(get(url))).rejects.toMatchObject({ code: 'timeout' }));
    await clock.advance(5000);
    await Promise.all(both);
  });

  it('skips interim answers', async () => {
    const { url } = await answering(
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const answer = await client().request(get(url));
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '2' } });
    expect(answer.headers).not.toHaveProperty('link');
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
  ])('%s is refused, however the address is written', async (url) => {
    const http = client({ allowPrivate: false });
    await expect(http.request(get(url))).rejects.toMatchObject({ code: 'address_not_allowed' });
  });

  it('cannot reach a private address through a name', async () => {
    let asked = 0;
    const url = await serve((_, response) => response.end(String(asked++)));
    const http = client({ allowPrivate: false });
    await expect(http.request(get(url.replace('127.0.0.1', 'localhost')))).rejects.toMatchObject({
      code: 'address_not_allowed',
    });
    expect(asked).toBe(0);
  });

  it('cannot reach one through a name that changes its answer: each connection looks at what it connects to', async () => {
    let asked = 0;
    const url = await serve((_, response) => response.end(String(asked++)));
    let looks = 0;
    const http = client({
      allowPrivate: false,
      resolve: async () => [{ address: looks++ === 0 ? '0.0.0.0' : '127.0.0.1', family: 4 }],
    });
    const rebinding = url.replace('127.0.0.1', 'rebinding.test');
    for (let i = 0; i < 3; i++) {
      await expect(http.request(get(rebinding))).rejects.toMatchObject({ code: 'address_not_allowed' });
    }
    expect(looks).toBe(3);
    expect(asked).toBe(0);
  });
});

describe('a server that misbehaves', () => {
  const timesOut = async (answer: string, message: RegExp) => {
    const clock = new VirtualClock();
    const { url, sockets, asked } = await answering(answer, () => sent.resolve());
    const sent = Promise.withResolvers<void>();
    const request = client({ clock }).request(get(url));
    const rejected = expect(request).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(message),
    });
    await asked;
    await sent.promise;
    // The bytes are on loopback; let the client read them before its time is up.
    for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
    const gone = closed(sockets[0]!);
    await clock.advance(5000);
    await rejected;
    await gone;
    expect(clock.pending).toBe(0);
  };

  it('cannot keep us waiting for an answer', () => timesOut('', /^no answer came within 5000 ms$/));

  it('cannot keep us waiting within the head', () =>
    timesOut('HTTP/1.1 200 OK\r\nX-Slow:', /within 5000 ms$/));

  it('cannot keep us waiting for bytes it promised', () =>
    timesOut('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', /within 5000 ms$/));

  it('cannot keep us waiting for the last chunk', () =>
    timesOut('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', /within 5000 ms$/));

  it('is cut off when its body goes beyond the limit', async () => {
    const { url, sockets } = await answering('HTTP/1.1 200 OK\r\n\r\n', (socket) => {
      const more = () => socket.writable && socket.write('x'.repeat(600), more);
      more();
    });
    const answer = await client().request(get(url));
    expect(answer.truncated).toBe(true);
    expect(answer.body.toString()).toBe('x'.repeat(1000));
    await closed(sockets[0]!);
  });

  it('may send exactly as much as the limit', async () => {
    const url = await serve((_, response) => response.end('x'.repeat(1000)));
    const answer = await client().request(get(url));
    expect(answer).toMatchObject({ truncated: false });
    expect(answer.body.length).toBe(1000);
  });

  it.each([
    ['closes within its body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
    ['closes within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc'],
    ['closes without an answer', ''],
    ['does not speak HTTP', 'SIP/2.0 200 OK\r\n\r\n'],
    ['lies twice about the length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('that %s gives an error', async (_, answer) => {
    const { url } = await answering(answer, (socket) => socket.end());
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
  });

  it('that resets the connection in mid-body gives an error', async () => {
    const { url } = await answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab', (socket) =>
      socket.resetAndDestroy(),
    );
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
  });

  it('that sends more than it promised is believed in its promise, and not asked again', async () => {
    const { url } = await answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and something that follows',
    );
    expect((await client().request(get(url))).body.toString()).toBe('ok');
  });

  it('that sends endless headers is cut off', async () => {
    const { url } = await answering(`HTTP/1.1 200 OK\r\n${'X-Long: abcdefghij\r\n'.repeat(2000)}`);
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'answer_too_large' });
  });

  it('has answered, where the head is enough', async () => {
    const { url } = await answering('HTTP/1.1 202 OK\r\nContent-Length: 100\r\n\r\nshort', (socket) =>
      socket.end(),
    );
    const answer = await client().request(get(url, { headIsEnough: true }));
    expect(answer).toMatchObject({ status: 202, truncated: true });
    expect(answer.body.toString()).toBe('short');
  });
});

describe('ending', () => {
  it('the signal ends a request at once, and frees its connection', async () => {
    const { url, sockets, asked } = await answering('');
    const hangup = new AbortController();
    const request = client().request(get(url, { signal: hangup.signal }));
    await asked;
    const gone = closed(sockets[0]!);
    hangup.abort(new Error('the caller hung up'));
    await expect(request).rejects.toThrow('the caller hung up');
    await gone;
    const late = client().request(get(url, { signal: hangup.signal }));
    await expect(late).rejects.toThrow('the caller hung up');
  });

  it('closing the client ends its requests', async () => {
    const { url, asked } = await answering('');
    const http = client();
    const request = expect(http.request(get(url))).rejects.toMatchObject({ code: 'answer_broken' });
    await asked;
    await http.close();
    await request;
  });

  it('a port where nobody listens is a failure to connect', async () => {
    const url = await listen(createServer());
    await open.pop()!();
    await expect(client().request(get(url))).rejects.toMatchObject({
      code: 'connect_failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('a name that nobody knows is a failure to connect', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' });
    };
    await expect(client({ resolve }).request(get('https://nowhere.test/'))).rejects.toMatchObject({
      code: 'connect_failed',
      message: 'cannot connect to nowhere.test: getaddrinfo ENOTFOUND nowhere.test',
    });
  });

  it('a server without TLS on an https URL is a failure of TLS', async () => {
    const { url } = await answering('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(client().request(get(url.replace('http:', 'https:')))).rejects.toMatchObject({
      code: 'tls_failed',
    });
  });
});
