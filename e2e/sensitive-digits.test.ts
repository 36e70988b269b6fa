import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Caller } from '../tests/chaos/caller.ts';
import { Server } from './support/server.ts';

const PIN = '48213';
const NUMBER = '+15550100042';

/** An application that echoes every request in the body and in `Location`. */
interface Echo {
  http: HttpServer;
  url: string;
  requests: { path: string; body: string }[];
}

let server: Server;
let echo: Echo;

beforeAll(async () => {
  const requests: Echo['requests'] = [];
  let known = false;
  const http = createServer(async (request, response) => {
    const body = (await request.setEncoding('utf8').toArray()).join('');
    const path = request.url ?? '';
    // It echoes what it received from the server and knows nothing else.
    known ||= body.includes(PIN);
    const pin = known ? PIN : '?';
    requests.push({ path, body });
    response.setHeader(
      'Location',
      `/moved?pin=${pin}&all=${Buffer.from(body).toString('base64').slice(0, 2000)}`,
    );
    const digits: string = body ? (JSON.parse(body).data?.digits ?? '') : '';
    const actions = ACTIONS[path.split('?')[0]!]?.(echo.url);
    response.end(
      actions ? JSON.stringify({ actions }) : `${path} ${body} ${[...digits].join(' ')} pin=${pin}`,
    );
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  echo = { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, requests };
  server = await Server.start({});
});

afterAll(async () => {
  await server.stop();
  echo.http.close();
});

const ACTIONS: Record<string, (url: string) => object[]> = {
  '/answer': (url) => [
    { gather: { num_digits: PIN.length, timeout_seconds: 20, sensitive: true } },
    { redirect: { url: `${url}/get`, method: 'GET' } },
  ],
  '/get': (url) => [{ redirect: { url: `${url}/post`, method: 'POST' } }],
  '/post': (url) => [
    { set_variable: { name: 'account', value: PIN } },
    { redirect: { url: `${url}/later`, method: 'POST' } },
  ],
  '/later': (url) => [
    { transfer: { destination: `sip:${PIN}@127.0.0.1:1;transport=tcp` } },
    { redirect: { url: `${url}/broken?pin=${PIN}`, method: 'POST' } },
  ],
};

it('sensitive digits reach the application once and are stored nowhere', async () => {
  const urls = { answer_url: `${echo.url}/answer`, webhook_url: `${echo.url}/webhook` };
  const { apiKey } = await server.application(urls, NUMBER);
  const caller = await Caller.call(server.sip, NUMBER);
  caller.press(PIN);
  const requestFor = (event: string) =>
    echo.requests.find(({ path, body }) => path === '/webhook' && body.includes(`"event":"${event}"`));
  await expect.poll(() => requestFor('call.failed'), { timeout: 60_000 }).toBeDefined();
  await caller.close();

  const sent = (path: string) => echo.requests.filter((request) => request.path.startsWith(path));
  const digits = (path: string) => sent(path).map(({ body }) => JSON.parse(body).data.digits);
  expect(sent('/get')[0]?.path).toContain('digits=*****');
  expect([digits('/post'), digits('/later')]).toEqual([[PIN], ['*****']]);
  expect(JSON.parse(requestFor('call.gathered')!.body).data.digits).toBe(PIN);
  expect(JSON.parse(requestFor('call.failed')!.body).variables).toEqual({ account: '*****' });

  const get = <T>(path: string) => server.request<T>('GET', path, apiKey);
  const { data: events } = await get<{ data: { id: string; event: string; call_id: string }[] }>(
    '/v1/events',
  );
  const gathered = events.find(({ event }) => event === 'call.gathered')!;
  const pages = [`/v1/calls/${gathered.call_id}`, `/v1/calls/${gathered.call_id}/timeline`, '/v1/events'];
  const attempts = events.map(({ id }) => `/v1/events/${id}`);
  const read = JSON.stringify(await Promise.all([...pages, ...attempts].map((path) => get(path))));
  expect(read).not.toContain(PIN);
  expect(read).not.toContain([...PIN].join(' '));
  expect(server.log.join('\n')).not.toContain(PIN);

  await server.request('POST', `/v1/events/${gathered.id}/redeliver`, apiKey, {});
  await expect
    .poll(() => sent('/webhook').filter(({ body }) => body.includes('call.gathered')).length)
    .toBe(2);
  const bodies = sent('/webhook').filter(({ body }) => body.includes('call.gathered'));
  expect(bodies.map(({ body }) => JSON.parse(body).data.digits)).toEqual([PIN, '*****']);
});
