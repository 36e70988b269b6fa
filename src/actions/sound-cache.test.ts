import { expect, test } from 'vitest';
import { freshnessOf } from './sound-cache.ts';

const NOW = 1_000_000;
const seconds = (headers: Record<string, string>) => (freshnessOf(headers, NOW).freshUntil - NOW) / 1000;

test.each([
  [{ 'cache-control': 'max-age=60' }, 60],
  [{ 'cache-control': 'public, Max-Age="60"' }, 60],
  [{ 'cache-control': 'max-age=60, s-maxage=10' }, 10],
  [{ 'cache-control': 'max-age=60', age: '50' }, 10],
  [{ 'cache-control': 'max-age=60', age: '70' }, 0],
  [{ 'cache-control': 'max-age=99999999' }, 86_400],
  [{ 'cache-control': 'no-cache, max-age=60' }, 0],
  [{ 'cache-control': 'max-age=soon' }, 0],
  [{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 60],
  [{ expires: '0', date: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 0],
  [{ etag: '"a"' }, 0],
  [{}, 0],
])('%j is fresh for %i s', (headers, fresh) =>
  expect(seconds(headers as Record<string, string>)).toBe(fresh),
);

test.each([
  [{ etag: '"a"', 'last-modified': 'yesterday' }, true, { 'if-none-match': '"a"' }],
  [{ 'last-modified': 'yesterday' }, true, { 'if-modified-since': 'yesterday' }],
  [{ 'cache-control': 'max-age=5' }, true, {}],
  [{ 'cache-control': 'no-store, max-age=5', etag: '"a"' }, false, { 'if-none-match': '"a"' }],
  [{ vary: '*', etag: '"a"' }, false, { 'if-none-match': '"a"' }],
  [{}, false, {}],
])('%j is stored: %s, and validated with %j', (headers, store, validators) =>
  expect(freshnessOf(headers as Record<string, string>, NOW)).toMatchObject({ store, validators }),
);
