import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type AudioClip, wavHeader } from '../audio/index.ts';
import { type Log, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { createSpeaker, type SpeechOptions } from './speaker.ts';

const folder = mkdtempSync(join(tmpdir(), 'minivoice-speaker-'));
const warnings: string[] = [];
const log: Log = { ...silentLog, warn: (_, message) => warnings.push(message) };
const speakers: ReturnType<typeof createSpeaker>[] = [];

/** A replacement for `espeak-ng` with German and Norwegian, which plays a tone as long as the text. */
function fakeEspeak(): string {
  const path = join(folder, 'espeak');
  const script = `#!${process.execPath}
const { readFileSync, writeSync } = require('node:fs');
if (process.argv.includes('--voices')) {
  console.log('Pty Language       Age/Gender VoiceName File\\n 5  de              --/M      German    gmw/de\\n 5  nb              --/M      Norwegian gmq/nb               (no 5)');
  process.exit();
}
const text = readFileSync(0, 'utf8');
if (text === 'kaputt') process.exit(1);
const header = Buffer.from('${wavHeader(1, null, 22050).toString('base64')}', 'base64');
const samples = Int16Array.from({ length: text.length * 1000 }, (_, i) => 5000 * Math.sin(i / 5));
writeSync(1, Buffer.concat([header, Buffer.from(samples.buffer)]));
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

function speaker(cacheDir = join(folder, 'cache'), espeakProgram = join(folder, 'no-such-program')) {
  const made = createSpeaker({ cacheDir, log, clock: new VirtualClock(), espeakProgram });
  speakers.push(made);
  return made;
}

const english = speaker();

async function all(sounds: AsyncIterable<AudioClip>): Promise<AudioClip[]> {
  const clips: AudioClip[] = [];
  for await (const sound of sounds) clips.push(sound);
  return clips;
}

const said = (text: string, options: SpeechOptions = {}, by = english) => all(by.speak(text, options));

const seconds = (sounds: AudioClip[]) => sounds.reduce((sum, { samples }) => sum + samples.length, 0) / 8000;

afterAll(async () => {
  await Promise.all(speakers.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

test('yields a clip per sentence in shared memory', async () => {
  const sounds = await said('Thank you for calling. Press one for sales.');
  expect(sounds).toHaveLength(2);
  expect(sounds[0]!.samples.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(seconds(sounds)).toBeGreaterThan(2);
  expect(seconds(sounds)).toBeLessThan(5);
});

test('produces speech, not silence or noise, at the target loudness', async () => {
  const [{ samples }] = (await said('Please hold the line while we connect you.')) as [AudioClip];
  const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  expect(20 * Math.log10(rms / 32768)).toBeGreaterThan(-24);
  expect(20 * Math.log10(rms / 32768)).toBeLessThan(-16);
  // Speech crosses zero about 500 to 3,000 times per second; noise 4,000 times.
  const crossings = samples.filter((x, i) => i > 0 && x >= 0 !== samples[i - 1]! >= 0).length;
  expect((crossings / samples.length) * 8000).toBeLessThan(3500);
  expect((crossings / samples.length) * 8000).toBeGreaterThan(200);
});

test('has different voices and uses the default for an unknown one', async () => {
  const [rms] = await said('Hello there.');
  const [slt] = await said('Hello there.', { voice: 'slt' });
  const [other] = await said('Hello there.', { voice: 'nobody' });
  expect(slt!.samples).not.toEqual(rms!.samples);
  expect(other!.samples).toBe(rms!.samples);
});

test('synthesizes a sentence once for simultaneous and later requests', async () => {
  const both = await Promise.all([said('This is made once.'), said('This is made once.')]);
  const again = await said('This is made once.');
  expect(both[0][0]!.samples).toBe(both[1][0]!.samples);
  expect(again[0]!.samples).toBe(both[0][0]!.samples);
});

test('shares the cache on disk between processes', async () => {
  const cacheDir = join(folder, 'kept');
  const [here] = await said('Kept for tomorrow.', {}, speaker(cacheDir));
  await expect
    .poll(() => readdirSync(cacheDir, { recursive: true, encoding: 'utf8' }))
    .toContainEqual(expect.stringMatching(/\.pcm$/));
  const [there] = await said('Kept for tomorrow.', {}, speaker(cacheDir));
  expect(there!.samples).toEqual(here!.samples);
});

test('skips text that cannot be spoken in English, without an error', async () => {
  expect(await said('日本語。 …')).toEqual([]);
  expect(await said('   ')).toEqual([]);
  expect(await said('Hello. 日本語。')).toHaveLength(1);
});

test('ends early without an error when the signal aborts', async () => {
  const hangup = new AbortController();
  const clips: AudioClip[] = [];
  for await (const sound of english.speak('One is heard. Two is not. Three neither.', {}, hangup.signal)) {
    clips.push(sound);
    hangup.abort();
  }
  expect(clips).toHaveLength(1);
  expect(await all(english.speak('Nothing.', {}, hangup.signal))).toEqual([]);
});

test('stops waiting for a sentence when the signal aborts', async () => {
  const hangup = new AbortController();
  const waiting = all(english.speak('Nobody waits for this one.', {}, hangup.signal));
  hangup.abort();
  expect(await waiting).toEqual([]);
});

test('speaks other languages with espeak-ng', async () => {
  const german = speaker(join(folder, 'german'), fakeEspeak());
  const sounds = await said('Guten Tag.', { language: 'de-AT' }, german);
  expect(seconds(sounds)).toBeGreaterThan(0.4);
  expect(seconds(sounds)).toBeLessThan(0.7);
});

test.each(['nb', 'no', 'no-NO'])('speaks %s, which espeak-ng lists as nb and no', async (language) => {
  const norwegian = speaker(join(folder, 'norwegian'), fakeEspeak());
  warnings.length = 0;
  expect(seconds(await said('God dag.', { language }, norwegian))).toBeGreaterThan(0.2);
  expect(warnings).toEqual([]);
});

test('throws speech_failed when a sentence cannot be spoken', async () => {
  const german = speaker(join(folder, 'german'), fakeEspeak());
  await expect(said('kaputt', { language: 'de' }, german)).rejects.toMatchObject({ code: 'speech_failed' });
});

test.each(['fr-FR', '--help', '../de'])('uses an English voice for %s and logs it once', async (language) => {
  const german = speaker(join(folder, 'german'), fakeEspeak());
  warnings.length = 0;
  for (const text of ['Bonjour.', 'Au revoir.']) {
    expect(await said(text, { language }, german)).toHaveLength(1);
  }
  expect(warnings).toHaveLength(1);
});

test('logs a warning when the cache on disk cannot be shortened', async () => {
  const cacheDir = join(folder, 'unprunable');
  // A folder in place of a draft cannot be deleted as a file.
  mkdirSync(join(cacheDir, 'a.pcm.1-1.tmp'), { recursive: true });
  warnings.length = 0;
  await speaker(cacheDir).prune();
  expect(warnings).toEqual(['could not shorten the speech cache on disk']);
});

test('speaks nothing after close', async () => {
  const closed = speaker(join(folder, 'closed'));
  await closed.warm();
  const waiting = said('This is never finished.', {}, closed).catch((error) => error);
  await closed.close();
  expect(await waiting).toMatchObject({ code: 'speech_failed' });
  await expect(said('Nor this.', {}, closed)).rejects.toMatchObject({ code: 'speech_failed' });
});

test.each([
  ['customers', { customerId: 'other', callId: 'one' }],
  ['calls of one customer', { customerId: 'one', callId: 'other' }],
])('alternates between %s, so that many sentences of one do not delay another', async (_, other) => {
  const done: string[] = [];
  const ask = (name: string, text: string, options: SpeechOptions) =>
    said(text, options).then(() => done.push(name));
  const many = Array.from({ length: 6 }, (_, n) =>
    ask('one', `${other.customerId} ${n}`, { customerId: 'one', callId: 'one' }),
  );
  await Promise.all([...many, ask('other', `${other.customerId} last`, other)]);
  expect(done.indexOf('other')).toBeLessThan(3);
});
