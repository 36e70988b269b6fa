import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, type Job, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import type { HttpRequest, HttpResponse } from '../net/index.ts';
import type { FetchedSound, SoundFiles } from './ports.ts';
import { createSounds } from './sounds.ts';

type Page = { status?: number; headers?: Record<string, string>; size?: number };

let clock: VirtualClock;
let folder: string;
let sounds: SoundFiles;
let requests: HttpRequest[];
let decoded: (Job & { size: number })[];
let pages: Record<string, Page | ((request: HttpRequest) => Page)>;
/** Requests wait for this; at first they do not wait. */
let mayRespond: Promise<unknown>;
let maxConcurrent: number;

beforeEach(() => {
  clock = new VirtualClock();
  folder = mkdtempSync(join(tmpdir(), 'minivoice-sounds-'));
  requests = [];
  decoded = [];
  pages = {};
  mayRespond = Promise.resolve();
  maxConcurrent = 0;
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
async function request(request: HttpRequest): Promise<HttpResponse> {
  requests.push(request);
  maxConcurrent = Math.max(maxConcurrent, ++running);
  await mayRespond;
  running--;
  const page = pages[new URL(request.url).pathname] ?? { status: 404 };
  const { status = 200, headers = {}, size = 100 } = typeof page === 'function' ? page(request) : page;
  const whole = status === 200 ? size : 0;
  const body = Buffer.alloc(Math.min(whole, request.maxResponseBytes), request.url);
  return { status, headers, body, truncated: whole > request.maxResponseBytes, durationMs: 1 };
}

/** Decodes a file into a sound of the same length. */
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

test('fetches and decodes a file once for 24 calls that play it at the same time', async () => {
  pages['/a.wav'] = { size: 3_000_000 };
  const all = await Promise.all(
    Array.from({ length: 24 }, (_, i) => get('/a.wav', { callId: `call ${i}`, customerId: `c${i % 3}` })),
  );
  // The size of a file is known only after an attempt to fetch it as a small one.
  expect(requests.map(({ maxResponseBytes }) => maxResponseBytes)).toEqual([
    2 * 1024 * 1024,
    25 * 1024 * 1024,
  ]);
  expect(decoded).toHaveLength(1);
  for (const sound of all) expect(await octetsOf(sound)).toBe(3_000_000);
  expect(readdirSync(join(folder, 'sounds')).length).toBeLessThanOrEqual(decoded.length);
});

test('reuses a fresh file, and validates one with an entity tag', async () => {
  pages['/fresh.wav'] = { headers: { 'cache-control': 'max-age=60' } };
  pages['/tagged.wav'] = ({ headers }) =>
    headers!['if-none-match'] === '"one"' ? { status: 304 } : { headers: { etag: '"one"' } };
  for (let i = 0; i < 3; i++) {
    expect(await played('/fresh.wav')).toBe(100);
    expect(await played('/tagged.wav')).toBe(100);
  }
  expect(requests.filter(({ url }) => url.endsWith('fresh.wav'))).toHaveLength(1);
  expect(requests.filter(({ url }) => url.endsWith('tagged.wav'))).toHaveLength(3);
  expect(decoded).toHaveLength(2);
  await clock.advance(60_000);
  await played('/fresh.wav');
  expect(requests.filter(({ url }) => url.endsWith('fresh.wav'))).toHaveLength(2);
});

test('plays the new version of a file that has changed', async () => {
  let size = 100;
  pages['/a.wav'] = () => ({ size, headers: { etag: `"${size}"` } });
  expect(await played('/a.wav')).toBe(100);
  size = 200;
  expect(await played('/a.wav')).toBe(200);
});

test('fetches a file that may not be stored every time, and leaves nothing on disk', async () => {
  pages['/a.wav'] = { size: 1_000_000, headers: { 'cache-control': 'no-store', etag: '"a"' } };
  for (let i = 0; i < 3; i++) expect(await played('/a.wav')).toBe(1_000_000);
  expect(requests).toHaveLength(3);
  expect(requests.every(({ headers }) => !headers!['if-none-match'])).toBe(true);
  await expect.poll(() => readdirSync(join(folder, 'sounds'))).toEqual([]);
});

test('sends a validator only to the URL that it came from, after redirects', async () => {
  pages['/moved.wav'] = { status: 302, headers: { location: '/there.wav' } };
  pages['/there.wav'] = ({ headers }) =>
    headers!['if-none-match'] === '"one"' ? { status: 304 } : { headers: { etag: '"one"' } };
  await played('/moved.wav');
  expect(await played('/moved.wav')).toBe(100);
  expect(requests.map(({ url, headers }) => [new URL(url).pathname, headers!['if-none-match']])).toEqual([
    ['/moved.wav', undefined],
    ['/there.wav', undefined],
    ['/moved.wav', undefined],
    ['/there.wav', '"one"'],
  ]);
});

test('does not remove a sound that is playing when the disk limit is reached', async () => {
  for (let i = 0; i < 30; i++) pages[`/${i}.wav`] = { size: 1_000_000, headers: { etag: '"a"' } };
  const first = await get('/0.wav');
  for (let i = 1; i < 25; i++) await played(`/${i}.wav`);
  const onDisk = readdirSync(join(folder, 'sounds')).length * 1_000_000;
  expect(onDisk).toBeLessThan(6_000_001);
  expect(await octetsOf(first)).toBe(1_000_000);
});

test('limits the requests of one customer, so that others need not wait', async () => {
  const opened = Promise.withResolvers<void>();
  mayRespond = opened.promise;
  for (let i = 0; i < 100; i++) pages[`/${i}.wav`] = { size: 100 };
  const hangup = new AbortController();
  const busy = Array.from({ length: 99 }, (_, i) => get(`/${i}.wav`, { signal: hangup.signal }));
  const settled = Promise.allSettled(busy);
  await clock.advance(0);
  expect(maxConcurrent).toBe(32);
  const other = get('/99.wav', { customerId: 'other' });
  await clock.advance(0);
  expect(maxConcurrent).toBe(33);
  hangup.abort(new Error('hung up'));
  opened.resolve();
  expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  expect(await octetsOf(await other)).toBe(100);
  expect(requests).toHaveLength(33);
});

test.each([
  ['of one customer', 1, 2],
  ['of 24 customers', 24, 6],
])(
  'keeps a limited number of large files in memory: 24 calls %s (%i), %i files',
  async (_, customers, expected) => {
    let inMemory = 0;
    let maxInMemory = 0;
    sounds = createSounds({
      http: { request, close: async () => {} },
      decode: async (file, job) => {
        maxInMemory = Math.max(maxInMemory, ++inMemory);
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
    expect(maxInMemory).toBe(expected);
  },
);

test.each([
  ['does not exist', '/missing.wav', { status: 404 }, 'play_failed'],
  ['is too large', '/large.wav', { size: 26_000_000_0 }, 'play_failed'],
  ['is "not modified" although it is not cached', '/odd.wav', { status: 304 }, 'play_failed'],
])('fails when a file %s', async (_, path, page, code) => {
  pages[path] = page;
  await expect(get(path)).rejects.toMatchObject({ code });
});

test('does not cache a file that cannot be decoded', async () => {
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
