import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { SpeechCache } from './cache.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'minivoice-speech-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cacheWith = (diskBytes = 1e6, memoryBytes = 1e6) =>
  new SpeechCache({ folder, clock: new VirtualClock(), diskBytes, memoryBytes });
const key = (name: string) => SpeechCache.key([name]);
const tone = (value: number, length = 100) => new Int16Array(new SharedArrayBuffer(length * 2)).fill(value);

async function filesOnDisk(): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.pcm') || name.endsWith('.tmp'));
}

test('finds a stored sentence, also from another process', async () => {
  await cacheWith().store(key('hello'), tone(7));
  const found = await cacheWith().find(key('hello'));
  expect(found).toEqual(tone(7));
  expect(found!.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(await cacheWith().find(key('unknown'))).toBeUndefined();
});

test('shares sounds in memory without copies', async () => {
  const cache = cacheWith();
  await cache.store(key('hello'), tone(7));
  expect(await cache.find(key('hello'))).toBe(await cache.find(key('hello')));
});

test('evicts the least recently used sound from memory', async () => {
  const cache = cacheWith(1e6, 400);
  const first = tone(1);
  await cache.store(key('a'), first);
  await cache.store(key('b'), tone(2));
  await cache.find(key('a'));
  await cache.store(key('c'), tone(3));
  await rm(folder, { recursive: true });
  expect(await cache.find(key('a'))).toBe(first);
  expect(await cache.find(key('b'))).toBeUndefined();
});

test('deletes the least recently used file from disk', async () => {
  const cache = cacheWith(500, 0);
  await cache.store(key('old'), tone(1));
  await cache.store(key('used'), tone(2));
  for (const name of await filesOnDisk()) {
    await utimes(join(folder, name), name.includes(key('old')) ? 1 : 2, name.includes(key('old')) ? 1 : 2);
  }
  await cache.store(key('new'), tone(3));
  expect(await cacheWith().find(key('old'))).toBeUndefined();
  expect(await cacheWith().find(key('used'))).toEqual(tone(2));
  expect(await cacheWith().find(key('new'))).toEqual(tone(3));
});

test('ignores a file that ends in the middle of a sample', async () => {
  await cacheWith().store(key('hello'), tone(7));
  const [name] = await filesOnDisk();
  const path = join(folder, name!);
  await writeFile(path, (await readFile(path)).subarray(0, 99));
  expect(await cacheWith().find(key('hello'))).toBeUndefined();
});

test('deletes drafts that a crash left', async () => {
  await cacheWith().store(key('hello'), tone(7));
  const [name] = await filesOnDisk();
  await writeFile(join(folder, `${name}.1-1.tmp`), 'half');
  await cacheWith().prune();
  expect(await filesOnDisk()).toEqual([name]);
});
