import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AudioClip, toneLevel } from '../../audio/index.ts';
import { silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { AiServer } from '../../insights/testing/ai-server.ts';
import { createHttpClient, type HttpClient } from '../../net/index.ts';
import { createServerSpeaker, type Speaker } from '../index.ts';

let server: AiServer;
let http: HttpClient;
const clock = new VirtualClock();
const embedded: Speaker = {
  async *speak() {
    yield { samples: new Int16Array(new SharedArrayBuffer(2)).fill(7) };
  },
};

beforeEach(async () => {
  server = await AiServer.start();
  http = createHttpClient({ allowPrivate: true });
});
afterEach(async () => {
  await http.close();
  await server.close();
  expect(clock.pending).toBe(0);
});

const speakerFor = () =>
  createServerSpeaker({
    http,
    fallback: embedded,
    clock,
    log: silentLog,
    server: (id) =>
      id === 'app_1' ? { baseUrl: server.baseUrl, apiKey: 'sk-1', model: 'tts', voice: 'nova' } : undefined,
  });

/** A second of 600 Hz at 24 kHz. */
const tone = Buffer.alloc(48_000);
for (let i = 0; i < 24_000; i++) tone.writeInt16LE(9000 * Math.sin((2 * Math.PI * 600 * i) / 24_000), i * 2);

async function play(options = { applicationId: 'app_1' }, signal?: AbortSignal): Promise<AudioClip[]> {
  const sounds: AudioClip[] = [];
  for await (const sound of speakerFor().speak('Good morning.', options, signal)) sounds.push(sound);
  return sounds;
}
const isEmbedded = (sounds: AudioClip[]) => sounds.length === 1 && sounds[0]!.samples[0] === 7;

/** Sends chunks of odd lengths, so that samples are split. */
function sendInPieces(response: ServerResponse): void {
  for (let at = 0; at < tone.length; at += 4801) response.write(tone.subarray(at, at + 4801));
  response.end();
}

describe('a speech server of an application', () => {
  it('is heard at 8 kHz, and gets model, text and voice', async () => {
    server.speech = sendInPieces;
    const sounds = await play();
    const samples = sounds.flatMap((sound) => [...sound.samples]);
    expect(Math.abs(samples.length - 8000)).toBeLessThan(100);
    const middle = Int16Array.from(samples.slice(2000, 6000));
    expect(toneLevel(middle, 600)).toBeGreaterThan(100 * toneLevel(middle, 1500));
    expect(server.asked[0]).toMatchObject({ path: '/v1/audio/speech', authorization: 'Bearer sk-1' });
    expect(JSON.parse(server.asked[0]!.body)).toEqual({
      ...{ model: 'tts', input: 'Good morning.', voice: 'nova', response_format: 'pcm' },
    });
  });

  it('is heard before the whole response has arrived', async () => {
    const gate = Promise.withResolvers<void>();
    server.speech = (response) => {
      response.write(tone.subarray(0, 24_000));
      void gate.promise.then(() => response.end());
    };
    const speech = speakerFor().speak('Good morning.', { applicationId: 'app_1' })[Symbol.asyncIterator]();
    expect((await speech.next()).value.samples.length).toBeGreaterThan(800);
    gate.resolve();
    while (!(await speech.next()).done);
  });

  it('is not used for other applications', async () => {
    expect(isEmbedded(await play({ applicationId: 'app_2' }))).toBe(true);
    expect(server.asked).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['refuses', (response) => response.writeHead(429).end('{"error":{}}')],
    ['resets the connection', (response) => response.destroy()],
  ])('that %s is replaced by the embedded voice', async (_, speech) => {
    server.speech = speech;
    expect(isEmbedded(await play())).toBe(true);
  });

  it('that sends nothing for three seconds is replaced by the embedded voice', async () => {
    const asked = Promise.withResolvers<void>();
    server.speech = () => asked.resolve();
    const sounds = play();
    await asked.promise;
    await clock.advance(3000);
    expect(isEmbedded(await sounds)).toBe(true);
  });

  it('that fails in the middle fails the speech without repetition', async () => {
    server.speech = (response) => {
      response.write(tone.subarray(0, 24_000), () => response.destroy());
    };
    await expect(play()).rejects.toMatchObject({ code: 'speech_failed' });
  });

  it('loses its connection when the caller hangs up', async () => {
    const abort = new AbortController();
    const closed = Promise.withResolvers<void>();
    server.speech = (response) => {
      response.on('close', () => closed.resolve());
      response.write(tone.subarray(0, 24_000), () => abort.abort());
    };
    await play({ applicationId: 'app_1' }, abort.signal);
    await closed.promise;
  });
});
