import { expect, test } from 'vitest';
import { Failure } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { Http } from './server.ts';
import { UnresponsiveServers } from './unresponsive-servers.ts';

const clock = new VirtualClock();
const asked: string[] = [];
let failing: Failure | undefined;
const http: Http = {
  async request({ url }) {
    asked.push(url);
    if (failing) throw failing;
    return { status: 200, body: Buffer.alloc(0), truncated: false };
  },
};
const servers = new UnresponsiveServers(http, clock);
const request = {
  url: 'https://ai.test',
  method: 'POST',
  headers: {},
  body: '',
  timeoutMs: 1,
  maxResponseBytes: 1,
} as const;
const ask = (key: string) => servers.client(key).request(request);

test('sends no request to a server that timed out for five minutes', async () => {
  failing = new Failure('timeout', 'no response');
  await expect(ask('a')).rejects.toMatchObject({ code: 'timeout' });
  failing = undefined;
  await expect(ask('a')).rejects.toMatchObject({ code: 'ai_endpoint_failed' });
  expect(asked).toHaveLength(1);
  await expect(ask('b')).resolves.toMatchObject({ status: 200 });
  await clock.advance(300_000);
  await expect(ask('a')).resolves.toMatchObject({ status: 200 });
  await expect(ask('a')).resolves.toMatchObject({ status: 200 });
});

test('sends the next request to a server that failed for another reason', async () => {
  failing = new Failure('connect_failed', 'refused');
  await expect(ask('c')).rejects.toMatchObject({ code: 'connect_failed' });
  failing = undefined;
  await expect(ask('c')).resolves.toMatchObject({ status: 200 });
});
