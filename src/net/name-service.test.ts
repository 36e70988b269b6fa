import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { NameCache } from './name-cache.ts';
import { createNameService, systemResolve } from './name-service.ts';

const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Starts a name server that sends these answers to A and AAAA queries, an error code, or nothing. */
async function nameServer(answers: { A?: number[]; AAAA?: number[]; code?: number } | 'silent') {
  const server = createSocket('udp4');
  open.push(() => server.close());
  server.on('message', (query, from) => {
    if (answers === 'silent') return;
    const end = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(end - 4) === 1 ? 'A' : 'AAAA';
    const data = answers[type];
    const head = Buffer.from(query.subarray(0, end));
    head.writeUInt16BE(0x8180 | (answers.code ?? 0), 2);
    head.writeUInt16BE(data ? 1 : 0, 6);
    head.writeUInt32BE(0, 8);
    // RFC 1035 §4.1.3: the name as a pointer to the question, then type, class, lifetime and data.
    const record = [
      0xc0,
      12,
      0,
      type === 'A' ? 1 : 28,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      data?.length ?? 0,
      ...(data ?? []),
    ];
    server.send(data ? Buffer.concat([head, Buffer.from(record)]) : head, from.port, from.address);
  });
  await once(server.bind(0, '127.0.0.1'), 'listening');
  // Long enough for a busy machine.
  const resolver = new Resolver({ timeout: answers === 'silent' ? 50 : 60_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return createNameService(resolver, systemClock);
}

const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

it('returns the addresses of both families', async () => {
  const { resolve } = await nameServer({ A: [192, 0, 2, 1], AAAA: V6 });
  expect(await resolve('app.test')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
});

it('returns the addresses of one family', async () => {
  expect(await (await nameServer({ A: [192, 0, 2, 1] })).resolve('app.test')).toEqual([
    { address: '192.0.2.1', family: 4 },
  ]);
});

it('fails when the name servers do not answer or fail', async () => {
  for (const answers of ['silent', { code: 2 }] as const) {
    const { resolve } = await nameServer(answers);
    await expect(resolve('app.test')).rejects.toMatchObject({
      code: 'connect_failed',
      message: 'the name servers of app.test do not answer',
    });
  }
});

it('distinguishes name servers that do not answer from a service without records', async () => {
  for (const answers of ['silent', { code: 2 }] as const) {
    const { services } = await nameServer(answers);
    await expect(services('_sip._udp.app.test')).rejects.toMatchObject({ code: 'connect_failed' });
  }
  expect(await (await nameServer({ code: 3 })).services('_sip._udp.app.test')).toEqual([]);
});

it('skips SRV records with target "." or port 0 (RFC 2782)', async () => {
  const record = { name: 'sip.app.test', port: 5060, priority: 1, weight: 0 };
  const resolveSrv = async () => [{ ...record, name: '' }, record, { ...record, port: 0 }];
  const { services } = createNameService({ resolveSrv } as unknown as Resolver, systemClock);
  expect(await services('_sip._udp.app.test')).toEqual([record]);
});

it('fails for an unknown name', async () => {
  await expect((await nameServer({ code: 3 })).resolve('nobody.invalid')).rejects.toThrow('nobody.invalid');
});

it('resolves names of the hosts file', async () => {
  expect(await systemResolve('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
});

describe('NameCache', () => {
  const outage = new Error('outage');
  function cache() {
    const clock = new VirtualClock();
    const lookups: string[] = [];
    let next: () => Promise<string> = async () => 'first';
    const lookUp = async (name: string) => {
      lookups.push(name);
      return { value: await next(), lifetimeMs: 60_000 };
    };
    const names = new NameCache(clock, lookUp, (error) => error === outage);
    return { clock, lookups, names, answer: (answer: () => Promise<string>) => (next = answer) };
  }

  it('looks up a name once per lifetime, ignoring case, and once at a time', async () => {
    const { clock, lookups, names } = cache();
    await Promise.all([names.get('A.test'), names.get('a.test')]);
    await clock.advance(59_000);
    expect(await names.get('a.TEST')).toBe('first');
    expect(lookups).toEqual(['a.test']);
    await clock.advance(2_000);
    await names.get('a.test');
    expect(lookups).toHaveLength(2);
  });

  it('uses an expired answer for a day while the name servers do not answer', async () => {
    const { clock, lookups, names, answer } = cache();
    await names.get('a.test');
    answer(() => Promise.reject(outage));
    await clock.advance(61_000);
    expect(await names.get('a.test')).toBe('first');
    expect(await names.get('a.test')).toBe('first');
    expect(lookups).toHaveLength(2);
    await clock.advance(25 * 3_600_000);
    await expect(names.get('a.test')).rejects.toBe(outage);
  });

  it('drops the answer when the name is gone, and caches failures for seconds', async () => {
    const { clock, lookups, names, answer } = cache();
    await names.get('a.test');
    answer(() => Promise.reject(new Error('ENOTFOUND')));
    await clock.advance(61_000);
    await expect(names.get('a.test')).rejects.toThrow('ENOTFOUND');
    await expect(names.get('a.test')).rejects.toThrow('ENOTFOUND');
    expect(lookups).toHaveLength(2);
    answer(async () => 'second');
    await clock.advance(5_001);
    expect(await names.get('a.test')).toBe('second');
  });

  it('limits the number of names', async () => {
    const { lookups, names } = cache();
    for (let at = 0; at <= 10_000; at++) await names.get(`${at}.test`);
    await names.get('0.test');
    expect(lookups).toHaveLength(10_002);
  });
});
