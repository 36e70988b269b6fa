import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { nameService, systemResolve } from './name-service.ts';

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
  const resolver = new Resolver({ timeout: 50, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return nameService(resolver);
}

const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

it('gives the addresses of both families', async () => {
  const resolve = await dns({ A: [192, 0, 2, 1], AAAA: V6 });
  expect(await resolve('app.test')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
});

it('is content with one', async () => {
  expect(await (await dns({ A: [192, 0, 2, 1] }))('app.test')).toEqual([{ address: '192.0.2.1', family: 4 }]);
});

it('gives up on name servers that are silent or broken', async () => {
  for (const answers of ['silent', { code: 2 }] as const) {
    const resolve = await dns(answers);
    await expect(resolve('app.test')).rejects.toMatchObject({
      code: 'connect_failed',
      message: 'the name servers of app.test do not answer',
    });
  }
});

it('fails for a name that nobody knows', async () => {
  await expect((await dns({ code: 3 }))('nobody.invalid')).rejects.toThrow('nobody.invalid');
});

it("knows the names of the machine's own hosts file", async () => {
  expect(await systemResolve('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
});
