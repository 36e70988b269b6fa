import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, type Job, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { HttpAnswer, HttpRequest } from '../net/index.ts';
import type { FetchedSound, Sounds } from './ports.ts';
import { createSounds } from './sounds.ts';

type Page = { status?: number; headers?: Record<string, string>; size?: number };

let clock: VirtualClock;
let folder: string;
let sounds: Sounds;
let asked: HttpRequest[];
let decoded: (Job & { size: number })[];
let pages: Record<string, Page | ((request: HttpRequest) => Page)>;
/** Requests are answered at once, unless a test has them wait. */
let gate: Promise<unknown>;
let most: number;

beforeEach(() => {
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'minivoice-sounds-'));
  asked = [];
  decoded = [];
  pages = {};
  gate = Promise.resolve();
  most = 0;
  sounds = createSounds({
    http: { request, close: async () => {} },
    decode,
    folder: join(folder, 'sounds'),
    allowPrivateUrls: false,
    diskBytes: 5_000_000,
    clock,
    log: silentLog,
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

let running = 0;
async function request(request: HttpRequest): Promise<HttpAnswer> {
  asked.push(request);
  most = Math.max(most, ++running);
  await gate;
  running--;
  const page = pages[new URL(request.url).pathname] ?? { status: 404 };
  const { status = 200, headers = {}, size = 100 } = typeof page === 'function' ? page(request) : page;
  const whole = status === 200 ? size : 0;
  const body = Buffer.alloc(Math.min(whole, request.maxAnswerBytes), request.url);
  return { status, headers, body, truncated: whole > request.maxAnswerBytes, durationMs: 1 };
}

/** A sound of as many octets as the file. */
async function decode(file: Buffer, job: Job) {
  decoded.push({ ...job, size: file.length });
  const samples = new Int16Array(new SharedArrayBuffer(file.length - (file.length % 2)));
  new Uint8Array(samples.buffer).set(file.subarray(0, samples.byteLength));
  return { samples };
}

const get = (path: string, { customerId = 'c', callId = 'k', signal = new AbortController().signal } = {}) =>
  sounds.fetch(`https://a.test${path}`, { customerId, callId }, signal);

async function octetsOf(sound: FetchedSound): Promise<number> {
  let octets = 0;
  for await (const { samples } of sound.play()) octets += samples.byteLength;
  return octets;
}

async function played(path: string): Promise<number> {
  const sound = await get(path);
  const octets = await octetsOf(sound);
  sound.release();
  return octets;
}

test('24 calls that play the same file at the same time fetch and decode it once', async () => {
  pages['/a.wav'] = { size: 3_000_000 };
  const all = await Promise.all(
    Array.from({ length: 24 }, (_, i) => get('/a.wav', { callId: `call ${i}`, customerId: `c${i % 3}` })),
  );
  // The large file shows itself as such only when it is fetched as a small one.
  expect(asked.map(({ maxAnswerBytes }) => maxAnswerBytes)).toEqual([2 * 1024 * 1024, 25 * 1024 * 1024]);
  expect(decoded).toHaveLength(1);
  for (const sound of all) expect(await octetsOf(sound)).toBe(3_000_000);
  expect(readdirSync(join(folder, 'sounds')).length).toBeLessThanOrEqual(decoded.length);
});

test('a file that is fresh is not asked for again, one with a tag is asked about', async () => {
  pages['/fresh.wav'] = { headers: { 'cache-control': 'max-age=60' } };
  pages['/tagged.wav'] = ({ headers }) =>
    headers!['if-none-match'] === '"one"' ? { status: 304 } : { headers: { etag: '"one"' } };
  for (let i = 0; i < 3; i++) {
    expect(await played('/fresh.wav')).toBe(100);
    expect(await played('/tagged.wav')).toBe(100);
  }
  expect(asked.filter(({ url }) => url.endsWith('fresh.wav'))).toHaveLength(1);
  expect(asked.filter(({ url }) => url.endsWith('tagged.wav'))).toHaveLength(3);
  expect(decoded).toHaveLength(2);
  await clock.advance(60_000);
  await played('/fresh.wav');
  expect(asked.filter(({ url }) => url.endsWith('fresh.wav'))).toHaveLength(2);
});

test('a file that has changed is played as it is now', async () => {
  let size = 100;
  pages['/a.wav'] = () => ({ size, headers: { etag: `"${size}"` } });
  expect(await played('/a.wav')).toBe(100);
  size = 200;
  expect(await played('/a.wav')).toBe(200);
});

test('a file that may not be stored is fetched each time, and leaves nothing behind', async () => {
  pages['/a.wav'] = { size: 1_000_000, headers: { 'cache-control': 'no-store', etag: '"a"' } };
  for (let i = 0; i < 3; i++) expect(await played('/a.wav')).toBe(1_000_000);
  expect(asked).toHaveLength(3);
  expect(asked.every(({ headers }) => !headers!['if-none-match'])).toBe(true);
  await expect.poll(() => readdirSync(join(folder, 'sounds'))).toEqual([]);
});

test('a validator is sent to the URL that gave it, behind its redirect', async () => {
  pages['/moved.wav'] = { status: 302, headers: { location: '/there.wav' } };
  pages['/there.wav'] = ({ headers }) =>
    headers!['if-none-match'] === '"one"' ? { status: 304 } : { headers: { etag: '"one"' } };
  await played('/moved.wav');
  expect(await played('/moved.wav')).toBe(100);
  expect(asked.map(({ url, headers }) => [new URL(url).pathname, headers!['if-none-match']])).toEqual([
    ['/moved.wav', undefined],
    ['/there.wav', undefined],
    ['/moved.wav', undefined],
    ['/there.wav', '"one"'],
  ]);
});

test('a sound that plays stays, though others need its place on disk', async () => {
  for (let i = 0; i < 30; i++) pages[`/${i}.wav`] = { size: 1_000_000, headers: { etag: '"a"' } };
  const first = await get('/0.wav');
  for (let i = 1; i < 25; i++) await played(`/${i}.wav`);
  const onDisk = readdirSync(join(folder, 'sounds')).length * 1_000_000;
  expect(onDisk).toBeLessThan(6_000_001);
  expect(await octetsOf(first)).toBe(1_000_000);
});

test('one customer cannot take all the places for large files', async () => {
  const opened = Promise.withResolvers<void>();
  gate = opened.promise;
  for (let i = 0; i < 100; i++) pages[`/${i}.wav`] = { size: 100 };
  const hangup = new AbortController();
  const busy = Array.from({ length: 99 }, (_, i) => get(`/${i}.wav`, { signal: hangup.signal }));
  const settled = Promise.allSettled(busy);
  await clock.advance(0);
  expect(most).toBe(32);
  const other = get('/99.wav', { customerId: 'other' });
  await clock.advance(0);
  expect(most).toBe(33);
  hangup.abort(new Error('hung up'));
  opened.resolve();
  expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  expect(await octetsOf(await other)).toBe(100);
  expect(asked).toHaveLength(33);
});

test.each([
  ['of one customer', 1, 2],
  ['of 24 customers', 24, 6],
])(
  '24 calls %s with files of their own: of %i, %i large ones are in memory at a time',
  async (_, customers, most) => {
    let inMemory = 0;
    let mostInMemory = 0;
    sounds = createSounds({
      http: { request, close: async () => {} },
      decode: async (file, job) => {
        mostInMemory = Math.max(mostInMemory, ++inMemory);
        await clock.advance(10);
        inMemory--;
        return decode(file, job);
      },
      folder: join(folder, 'others'),
      allowPrivateUrls: false,
      clock,
      log: silentLog,
    });
    for (let i = 0; i < 24; i++) pages[`/${i}.wav`] = { size: 3_000_000 };
    const ask = (i: number) => get(`/${i}.wav`, { callId: `${i}`, customerId: `c${i % customers}` });
    const all = await Promise.all(Array.from({ length: 24 }, (_, i) => ask(i)));
    expect(all).toHaveLength(24);
    expect(mostInMemory).toBe(most);
  },
);

test.each([
  ['that is not there', '/missing.wav', { status: 404 }, 'play_failed'],
  ['that is too large', '/large.wav', { size: 26_000_000_0 }, 'play_failed'],
  ['that was not asked about', '/odd.wav', { status: 304 }, 'play_failed'],
])('a file %s fails', async (_, path, page, code) => {
  pages[path] = page;
  await expect(get(path)).rejects.toMatchObject({ code });
});

test('a file that cannot be decoded fails alone, and is tried anew', async () => {
  pages['/a.wav'] = { size: 100, headers: { 'cache-control': 'max-age=60' } };
  let broken = true;
  sounds = createSounds({
    http: { request, close: async () => {} },
    decode: async (file, job) => {
      if (broken) throw new Failure('unsupported_sound', 'the file holds no sound');
      return decode(file, job);
    },
    folder: join(folder, 'sounds'),
    allowPrivateUrls: false,
    clock,
    log: silentLog,
  });
  await expect(get('/a.wav')).rejects.toMatchObject({ code: 'unsupported_sound' });
  broken = false;
  expect(await played('/a.wav')).toBe(100);
});
