import { afterEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, seedCustomer, startTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
afterEach(() => server.close());

const FEW = { key: 9, address: 2 };
const from = (address: string) => ({ 'x-forwarded-for': address });
const statusOf = async (path: string, headers: object, key?: string) =>
  (await server.request('GET', path, key, undefined, headers)).status;

async function exhaustLimit(headers: object): Promise<void> {
  for (let n = 0; n < 4; n++) await statusOf('/', headers);
  expect(await statusOf('/', headers)).toBe(429);
}

describe('behind a trusted proxy', () => {
  it('counts each client by its own address', async () => {
    server = await startTestServer({ requestsPerMinute: FEW, trustedProxies: ['127.0.0.1'] });
    await exhaustLimit(from('192.0.2.1'));
    expect(await statusOf('/', from('192.0.2.2'))).toBe(200);
    expect(await statusOf('/', from('203.0.113.7, 192.0.2.1'))).toBe(429);
    expect(await statusOf('/', from('2001:db8::1'))).toBe(200);
  });

  it('counts requests with an invalid key by the address of the client', async () => {
    server = await startTestServer({ requestsPerMinute: FEW, trustedProxies: ['127.0.0.0/8'] });
    for (let n = 0; n < 3; n++) await statusOf('/v1/calls', from('192.0.2.1'), 'mv_live_guess');
    expect(await statusOf('/v1/calls', from('192.0.2.1'), 'mv_live_guess')).toBe(429);
    expect(await statusOf('/v1/calls', from('192.0.2.2'), 'mv_live_guess')).toBe(401);
  });
});

describe('a client without a key', () => {
  it('does not use up the limit of the health checks', async () => {
    server = await startTestServer({ requestsPerMinute: FEW });
    await exhaustLimit({});
    for (let n = 0; n < 20; n++) {
      expect(await statusOf('/healthz', {})).toBe(200);
      expect(await statusOf('/readyz', {})).toBe(200);
    }
  });

  it('does not use up the limit of a signed URL, and neither does a forged URL', async () => {
    server = await startTestServer({ requestsPerMinute: FEW });
    const { recording, key } = await seedCustomer(server, 'Ours', '+15550100001');
    const { body } = await server.request('GET', `/v1/recordings/${recording.id}`, key);
    const file = String(body.file_url).replace('http://voice.test', '');
    await exhaustLimit({});
    const forged = file.replace(/signature=.{4}/, 'signature=0000');
    expect(await statusOf(forged, {})).toBe(429);
    expect(await statusOf(file, {})).toBe(200);
    expect(await statusOf(file, {}, 'mv_live_guess')).toBe(200);
  });

  it('has the limit for invalid keys even with a signature in the query', async () => {
    server = await startTestServer({ requestsPerMinute: FEW });
    const { recording, key } = await seedCustomer(server, 'Ours', '+15550100001');
    const { body } = await server.request('GET', `/v1/recordings/${recording.id}`, key);
    const query = new URL(String(body.file_url)).search;
    const guess = () => statusOf(`/v1/recordings/${recording.id}${query}`, {}, 'mv_live_guess');
    expect([await guess(), await guess(), await guess()]).toEqual([401, 401, 429]);
  });
});

describe('/metrics', () => {
  it('is public on loopback, except through a proxy', async () => {
    server = await startTestServer({ metrics: { token: '', open: true } });
    expect(await statusOf('/metrics', {})).toBe(200);
    expect(await statusOf('/metrics', from('127.0.0.1'))).toBe(401);
    expect(await statusOf('/metrics', { forwarded: 'for=192.0.2.1' })).toBe(401);
    expect(await statusOf('/metrics', { via: '1.1 proxy' })).toBe(401);
    for (const name of ['x-real-ip', 'x-forwarded-port', 'cf-connecting-ip', 'true-client-ip'])
      expect(await statusOf('/metrics', { [name]: '192.0.2.1' })).toBe(401);
    expect(await statusOf('/metrics', from('192.0.2.1'), ADMIN_TOKEN)).toBe(200);
  });

  it('requires its token or the admin token otherwise; its token gives access to nothing else', async () => {
    server = await startTestServer({ metrics: { token: 'scrape', open: false }, requestsPerMinute: FEW });
    const { key } = await seedCustomer(server, 'Ours', '+15550100001');
    expect(await statusOf('/metrics', {})).toBe(401);
    expect(await statusOf('/metrics', {}, key)).toBe(401);
    expect(await statusOf('/metrics', {}, 'scrape')).toBe(200);
    expect(await statusOf('/metrics', {}, ADMIN_TOKEN)).toBe(200);
    expect(await statusOf('/v1/calls', {}, 'scrape')).toBe(401);
    expect(await statusOf('/admin/v1/customers', {}, 'scrape')).toBe(401);
    await exhaustLimit({});
    expect(await statusOf('/metrics', {}, 'scrape')).toBe(200);
  });

  it('does not accept an empty token', async () => {
    server = await startTestServer({ metrics: { token: '', open: false } });
    expect(await statusOf('/metrics', {}, '')).toBe(401);
    expect(await statusOf('/metrics', { authorization: 'Bearer ' })).toBe(401);
  });
});
