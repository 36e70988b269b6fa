import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { HttpClient } from './http.ts';
import type { HttpRequest } from './http-exchange.ts';
import { requestFollowing } from './http-redirects.ts';

const clock = new VirtualClock();

/** @param pages by URL: `<status> <location>` of a redirect, or a body. */
function web(pages: Record<string, string>) {
  const requested: HttpRequest[] = [];
  const http: HttpClient = {
    async request(request) {
      requested.push(request);
      await clock.advance(100);
      const page = pages[request.url] ?? '404';
      const [, status, location] = /^(\d{3})(?: (.*))?$/.exec(page) ?? [];
      return {
        status: Number(status ?? 200),
        headers: location === undefined ? {} : { location },
        body: Buffer.from(page),
        truncated: false,
        durationMs: 100,
      };
    },
    close: async () => {},
  };
  const get = (url: string, allowDowngrade = false) => {
    const request = { url, method: 'GET', timeoutMs: 10_000, maxResponseBytes: 100 } as const;
    const headersFor = (hop: string) => ({ 'x-hop': new URL(hop).pathname });
    return requestFollowing(http, request, { clock, allowDowngrade, headersFor });
  };
  return { requested, get };
}

test.each([301, 302, 303, 307, 308])(
  'follows a %i redirect to absolute and relative URLs',
  async (status) => {
    const { get, requested } = web({
      'https://a.test/x/one': `${status} two?q=1#part`,
      'https://a.test/x/two?q=1': `${status} //b.test/three`,
      'https://b.test/three': 'sound',
    });
    const response = await get('https://a.test/x/one');
    expect(response).toMatchObject({ status: 200, url: 'https://b.test/three' });
    expect(requested.map(({ headers }) => headers!['x-hop'])).toEqual(['/x/one', '/x/two', '/three']);
    // The timeout limits the whole chain.
    expect(requested.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 9_900, 9_800]);
  },
);

test.each(['http://a.test/plain', 'ftp://a.test/file', 'file:///etc/passwd', 'http://[', 'data:audio/wav,x'])(
  'does not follow a redirect from https to %s',
  async (location) => {
    const { get, requested } = web({ 'https://a.test/': `302 ${location}` });
    await expect(get('https://a.test/')).rejects.toMatchObject({ code: 'url_not_allowed' });
    expect(requested).toHaveLength(1);
  },
);

test('follows redirects from https to http when allowed, and from http to https always', async () => {
  const pages = {
    'https://a.test/': '302 http://a.test/plain',
    'http://a.test/plain': '301 https://b.test/',
  };
  const { get } = web({ ...pages, 'https://b.test/': 'sound' });
  await expect(get('https://a.test/', true)).resolves.toMatchObject({ url: 'https://b.test/' });
  await expect(get('http://a.test/plain')).resolves.toMatchObject({ url: 'https://b.test/' });
});

test('fails after five redirects', async () => {
  const { get, requested } = web({ 'https://a.test/': '302 https://a.test/' });
  await expect(get('https://a.test/')).rejects.toThrow('redirects more than 5 times');
  expect(requested).toHaveLength(6);
});

test.each(['300 elsewhere', '304 elsewhere', '302', '404'])('returns %s as the response', async (page) => {
  const { get } = web({ 'https://a.test/': page });
  await expect(get('https://a.test/')).resolves.toMatchObject({ status: Number(page.slice(0, 3)) });
});
