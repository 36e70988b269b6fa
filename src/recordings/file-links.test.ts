import { expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { FileLinks } from './file-links.ts';

const clock = new VirtualClock();
const options = { publicUrl: () => 'https://voice.test', key: Buffer.from('secret'), clock, seconds: 60 };
const links = new FileLinks(options);

function partsOf(url: string): [id: string, expires: string, signature: string] {
  const { pathname, searchParams } = new URL(url);
  const id = decodeURIComponent(pathname.split('/').at(-2)!);
  return [id, searchParams.get('expires')!, searchParams.get('signature')!];
}

test('accepts a link for its file', () => {
  const url = links.url('rec_call_1');
  expect(url).toMatch(
    /^https:\/\/voice\.test\/v1\/recordings\/rec_call_1\/file\?expires=\d+&signature=[0-9a-f]{64}$/,
  );
  expect(links.verify(...partsOf(url))).toBe(true);
});

test('refuses another file, a changed expiry and another key', () => {
  const [id, expires, signature] = partsOf(links.url('rec_call_1'));
  expect(links.verify('rec_call_2', expires, signature)).toBe(false);
  expect(links.verify(id, String(Number(expires) + 1), signature)).toBe(false);
  const foreign = new FileLinks({ ...options, key: Buffer.from('guess') });
  expect(links.verify(...partsOf(foreign.url('rec_call_1')))).toBe(false);
});

test('refuses an expired link', async () => {
  const parts = partsOf(links.url('rec_call_1'));
  await clock.advance(59_000);
  expect(links.verify(...parts)).toBe(true);
  await clock.advance(1_000);
  expect(links.verify(...parts)).toBe(false);
});

test.each([
  ['', ''],
  ['9999999999', 'zz'],
  ['1e99', 'a'.repeat(64)],
  ['9999999999', 'é'.repeat(64)],
])('refuses garbage (%j, %j)', (expires, signature) => {
  expect(links.verify('rec_call_1', expires, signature)).toBe(false);
});
