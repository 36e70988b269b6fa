import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpClient } from './http.ts';
import { testCertificate } from './testing/certificate.ts';

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer(testCertificate, (request, response) => {
    response.end(`${request.headers.host} ${request.socket.remoteAddress}`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(() => server.close());

async function get(host: string, ca?: string) {
  const resolve = async () => [{ address: '127.0.0.1', family: 4 as const }];
  const http = createHttpClient({ allowPrivate: true, resolve, ...(ca ? { ca } : {}) });
  const url = `https://${host}:${port}/`;
  const request = http.request({ url, method: 'GET', timeoutMs: 5000, maxResponseBytes: 1000 });
  return request.finally(() => http.close());
}

it('connects to a server whose certificate is trusted and contains its name', async () => {
  const response = await get('app.test', testCertificate.cert);
  expect(response.body.toString()).toBe(`app.test:${port} 127.0.0.1`);
});

it.each([
  ['is not trusted', 'app.test', undefined, /self.signed/],
  ['contains another name', 'other.test', testCertificate.cert, /does not match/],
])('refuses a server whose certificate %s', async (_, host, ca, message) => {
  await expect(get(host, ca)).rejects.toMatchObject({
    code: 'tls_failed',
    message: expect.stringMatching(message),
  });
});
