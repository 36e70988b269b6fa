import { afterEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type House, openHouse, settle } from './testing/house.ts';

let house: House;
afterEach(() => house.close());

const FEW = { key: 9, address: 2 };
const from = (address: string) => ({ 'x-forwarded-for': address });
const statusOf = async (path: string, headers: object, key?: string) =>
  (await house.ask('GET', path, key, undefined, headers)).status;

async function useUp(headers: object): Promise<void> {
  for (let n = 0; n < 4; n++) await statusOf('/', headers);
  expect(await statusOf('/', headers)).toBe(429);
}

describe('behind a trusted proxy', () => {
  it('counts each client by its own address', async () => {
    house = await openHouse({ requestsPerMinute: FEW, trustedProxies: ['127.0.0.1'] });
    await useUp(from('192.0.2.1'));
    expect(await statusOf('/', from('192.0.2.2'))).toBe(200);
    expect(await statusOf('/', from('203.0.113.7, 192.0.2.1'))).toBe(429);
    expect(await statusOf('/', from('2001:db8::1'))).toBe(200);
  });

  it('counts guesses of keys by the client’s address', async () => {
    house = await openHouse({ requestsPerMinute: FEW, trustedProxies: ['127.0.0.0/8'] });
    for (let n = 0; n < 3; n++) await statusOf('/v1/calls', from('192.0.2.1'), 'mv_live_guess');
    expect(await statusOf('/v1/calls', from('192.0.2.1'), 'mv_live_guess')).toBe(429);
    expect(await statusOf('/v1/calls', from('192.0.2.2'), 'mv_live_guess')).toBe(401);
  });
});

describe('a client without a key', () => {
  it('uses up nothing of the health routes', async () => {
    house = await openHouse({ requestsPerMinute: FEW });
    await useUp({});
    for (let n = 0; n < 20; n++) {
      expect(await statusOf('/healthz', {})).toBe(200);
      expect(await statusOf('/readyz', {})).toBe(200);
    }
  });

  it('uses up nothing of a signed address, and a forged one nothing of a real one', async () => {
    house = await openHouse({ requestsPerMinute: FEW });
    const { recording, key } = await settle(house, 'Ours', '+15550100001');
    const { body } = await house.ask('GET', `/v1/recordings/${recording.id}`, key);
    const file = String(body.file_url).replace('http://voice.test', '');
    await useUp({});
    const forged = file.replace(/signature=.{4}/, 'signature=0000');
    expect(await statusOf(forged, {})).toBe(429);
    expect(await statusOf(file, {})).toBe(200);
    expect(await statusOf(file, {}, 'mv_live_guess')).toBe(200);
  });

  it('guesses keys no faster with a signed address in the query', async () => {
    house = await openHouse({ requestsPerMinute: FEW });
    const { recording, key } = await settle(house, 'Ours', '+15550100001');
    const { body } = await house.ask('GET', `/v1/recordings/${recording.id}`, key);
    const query = new URL(String(body.file_url)).search;
    const guess = () => statusOf(`/v1/recordings/${recording.id}${query}`, {}, 'mv_live_guess');
    expect([await guess(), await guess(), await guess()]).toEqual([401, 401, 429]);
  });
});

describe('/metrics', () => {
  it('is open on loopback, but for requests that a proxy passes on', async () => {
    house = await openHouse({ metrics: { token: '', open: true } });
    expect(await statusOf('/metrics', {})).toBe(200);
    expect(await statusOf('/metrics', from('127.0.0.1'))).toBe(401);
    expect(await statusOf('/metrics', { forwarded: 'for=192.0.2.1' })).toBe(401);
    expect(await statusOf('/metrics', { via: '1.1 proxy' })).toBe(401);
    for (const name of ['x-real-ip', 'x-forwarded-port', 'cf-connecting-ip', 'true-client-ip'])
      expect(await statusOf('/metrics', { [name]: '192.0.2.1' })).toBe(401);
    expect(await statusOf('/metrics', from('192.0.2.1'), ADMIN_TOKEN)).toBe(200);
  });

  it('needs its token or the admin token elsewhere, and the token opens nothing else', async () => {
    house = await openHouse({ metrics: { token: 'scrape', open: false }, requestsPerMinute: FEW });
    const { key } = await settle(house, 'Ours', '+15550100001');
    expect(await statusOf('/metrics', {})).toBe(401);
    expect(await statusOf('/metrics', {}, key)).toBe(401);
    expect(await statusOf('/metrics', {}, 'scrape')).toBe(200);
    expect(await statusOf('/metrics', {}, ADMIN_TOKEN)).toBe(200);
    expect(await statusOf('/v1/calls', {}, 'scrape')).toBe(401);
    expect(await statusOf('/admin/v1/customers', {}, 'scrape')).toBe(401);
    await useUp({});
    expect(await statusOf('/metrics', {}, 'scrape')).toBe(200);
  });

  it('has no token where none is set', async () => {
    house = await openHouse({ metrics: { token: '', open: false } });
    expect(await statusOf('/metrics', {}, '')).toBe(401);
    expect(await statusOf('/metrics', { authorization: 'Bearer ' })).toBe(401);
  });
});
