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

/** A name server that answers A and AAAA questions with these addresses, with an error, or not at all. */
async function dns(answers: { A?: number[]; AAAA?: number[]; code?: number } | 'silent') {
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
  // An answer is waited for on a busy machine too.
  const resolver = new Resolver({ timeout: answers === 'silent' ? 50 : 60_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return createNameService(resolver, systemClock);
}

const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

it('gives the addresses of both families', async () => {
  const { resolve } = await dns({ A: [192, 0, 2, 1], AAAA: V6 });
  expect(await resolve('app.test')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
});

it('is content with one', async () => {
  expect(await (await dns({ A: [192, 0, 2, 1] })).resolve('app.test')).toEqual([
    { address: '192.0.2.1', family: 4 },
  ]);
});

it('gives up on name servers that are silent or broken', async () => {
  for (const answers of ['silent', { code: 2 }] as const) {
    const { resolve } = await dns(answers);
    await expect(resolve('app.test')).rejects.toMatchObject({
      code: 'connect_failed',
      message: 'the name servers of app.test do not answer',
    });
  }
});

it('says that nobody answers for a service, and not that there is none', async () => {
  for (const answers of ['silent', { code: 2 }] as const) {
    const { services } = await dns(answers);
    await expect(services('_sip._udp.app.test')).rejects.toMatchObject({ code: 'connect_failed' });
  }
  expect(await (await dns({ code: 3 })).services('_sip._udp.app.test')).toEqual([]);
});

it('leaves out services that are not offered: a target of ".", or port 0 (RFC 2782)', async () => {
  const record = { name: 'sip.app.test', port: 5060, priority: 1, weight: 0 };
  const resolveSrv = async () => [{ ...record, name: '' }, record, { ...record, port: 0 }];
  const { services } = createNameService({ resolveSrv } as unknown as Resolver, systemClock);
  expect(await services('_sip._udp.app.test')).toEqual([record]);
});

it('fails for a name that nobody knows', async () => {
  await expect((await dns({ code: 3 })).resolve('nobody.invalid')).rejects.toThrow('nobody.invalid');
});

it("knows the names of the machine's own hosts file", async () => {
  expect(await systemResolve('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
});

describe('answers that are kept', () => {
  const silent = new Error('silent');
  function cache() {
    const clock = new VirtualClock();
    const asked: string[] = [];
    let next: () => Promise<string> = async () => 'first';
    const ask = async (name: string) => {
      asked.push(name);
      return { value: await next(), lifetimeMs: 60_000 };
    };
    const names = new NameCache(clock, ask, (error) => error === silent);
    return { clock, asked, names, answer: (answer: () => Promise<string>) => (next = answer) };
  }

  it('are asked for once per lifetime, in any case, and once at a time', async () => {
    const { clock, asked, names } = cache();
    await Promise.all([names.get('A.test'), names.get('a.test')]);
    await clock.advance(59_000);
    expect(await names.get('a.TEST')).toBe('first');
    expect(asked).toEqual(['a.test']);
    await clock.advance(2_000);
    await names.get('a.test');
    expect(asked).toHaveLength(2);
  });

  it('stay in use while the name servers are silent, for a day', async () => {
    const { clock, asked, names, answer } = cache();
    await names.get('a.test');
    answer(() => Promise.reject(silent));
    await clock.advance(61_000);
    expect(await names.get('a.test')).toBe('first');
    expect(await names.get('a.test')).toBe('first');
    expect(asked).toHaveLength(2);
    await clock.advance(25 * 3_600_000);
    await expect(names.get('a.test')).rejects.toBe(silent);
  });

  it('are dropped when the name is gone, and failures are kept for seconds', async () => {
    const { clock, asked, names, answer } = cache();
    await names.get('a.test');
    answer(() => Promise.reject(new Error('ENOTFOUND')));
    await clock.advance(61_000);
    await expect(names.get('a.test')).rejects.toThrow('ENOTFOUND');
    await expect(names.get('a.test')).rejects.toThrow('ENOTFOUND');
    expect(asked).toHaveLength(2);
    answer(async () => 'second');
    await clock.advance(5_001);
    expect(await names.get('a.test')).toBe('second');
  });

  it('are bounded in number', async () => {
    const { asked, names } = cache();
    for (let at = 0; at <= 10_000; at++) await names.get(`${at}.test`);
    await names.get('0.test');
    expect(asked).toHaveLength(10_002);
  });
});
