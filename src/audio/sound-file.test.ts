import { beforeAll, describe, expect, it } from 'vitest';
import { createMp3Encoder } from 'wasm-media-encoders';
import { silentLog, systemClock } from '../core/index.ts';
import { toneLevel } from './goertzel.ts';
import { createSoundDecoder } from './sound-decoder.ts';
import { decodeSound } from './sound-file.ts';
import { wavHeader } from './wav-writer.ts';

const tone = (rate: number, seconds = 1) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate));

function wavFile(rate: number, seconds = 1): Buffer {
  const samples = Int16Array.from(tone(rate, seconds), (sample) => sample * 32_767);
  return Buffer.concat([wavHeader(1, samples.byteLength, rate), Buffer.from(samples.buffer)]);
}

async function mp3File(rate: 22_050 | 44_100, channels: 1 | 2, seconds = 1): Promise<Buffer> {
  const encoder = await createMp3Encoder();
  encoder.configure({ channels, sampleRate: rate, bitrate: 64 });
  const samples = tone(rate, seconds);
  const encoded = Buffer.from(encoder.encode([samples, samples].slice(0, channels)));
  return Buffer.concat([encoded, encoder.finalize()]);
}

/** An ID3 tag of `length` octets that states another length in `said`. */
function id3(length: number, said = length): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (said >> shift) & 0x7f);
  return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), Buffer.from(size), Buffer.alloc(length)]);
}

const middle = (samples: Int16Array) => samples.slice(2000, 6000);
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'unsupported_sound', message: expect.stringMatching(message) });

let mp3: Buffer;
beforeAll(async () => {
  mp3 = await mp3File(44_100, 1);
});

describe('decodeSound', () => {
  it.each([8000, 11_025, 44_101, 48_000])('decodes WAV of %i Hz', async (rate) => {
    const { samples } = await decodeSound(wavFile(rate));
    expect(samples.length).toBe(8000);
    expect(samples.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(toneLevel(middle(samples), 440) / 16_384).toBeCloseTo(1, 2);
  });

  it.each([
    [22_050, 1],
    [44_100, 1],
    [44_100, 2],
  ] as const)('decodes MP3 of %i Hz with %i channels', async (rate, channels) => {
    const { samples } = await decodeSound(await mp3File(rate, channels));
    expect(Math.abs(samples.length - 8000)).toBeLessThan(800);
    expect(toneLevel(middle(samples), 440) / 16_384).toBeGreaterThan(0.9);
  });

  it('skips a tag before the sound and another behind it', async () => {
    const tag = Buffer.alloc(138);
    tag.write('ID3\x03', 'latin1');
    // The size is in four octets of seven bits.
    tag[8] = 1;
    const tail = Buffer.alloc(128);
    tail.write('TAGa title', 'latin1');
    const { samples } = await decodeSound(Buffer.concat([tag, mp3, tail]));
    expect(toneLevel(middle(samples), 440) / 16_384).toBeGreaterThan(0.9);
  });

  const heard440 = (samples: Int16Array, from: number, to: number) =>
    toneLevel(samples.slice(from, to), 440) / 16_384;

  it('keeps the pitch when an MP3 changes its sample rate', async () => {
    const parts = [await mp3File(44_100, 1, 2), await mp3File(22_050, 1, 2), await mp3File(44_100, 2, 1)];
    const { samples } = await decodeSound(Buffer.concat(parts));
    expect(Math.abs(samples.length - 40_000)).toBeLessThan(2400);
    for (const from of [1000, 8000, 18_000, 26_000, 34_000])
      expect(heard440(samples, from, from + 4000)).toBeGreaterThan(0.9);
  });

  const junk = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) & 0xff));
  it.each([
    ['zeros', Buffer.alloc(10_000)],
    ['one octet', Buffer.alloc(1)],
    ['garbage', junk],
    ['half a frame', Buffer.from('fffb90640000000000000000', 'hex')],
    ['two tags', Buffer.concat([id3(100), id3(2000)])],
    ['a tag that states a length beyond the file', id3(100, 20_000_000)],
    ['zeros and a tag', Buffer.concat([Buffer.alloc(333), id3(50)])],
  ])('decodes MP3 before, around and behind %s', async (_, before) => {
    for (const bytes of [
      Buffer.concat([before, mp3]),
      Buffer.concat([mp3, before, mp3]),
      Buffer.concat([mp3, before]),
    ]) {
      const { samples } = await decodeSound(bytes);
      expect(samples.length).toBeGreaterThan(7200);
      expect(heard440(samples, 2000, 6000)).toBeGreaterThan(0.9);
      if (samples.length > 12_000)
        expect(heard440(samples, samples.length - 5000, samples.length - 1500)).toBeGreaterThan(0.9);
    }
  });

  it('decodes the rest of an MP3 with a damaged frame', async () => {
    const damaged = Buffer.from(mp3);
    damaged.fill(0, 3000, 3500);
    const { samples } = await decodeSound(damaged);
    expect(samples.length).toBeGreaterThan(7000);
    expect(heard440(samples, 5500, 7000)).toBeGreaterThan(0.9);
  });

  it('decodes MP3 inside a WAV file', async () => {
    const header = wavHeader(1, mp3.length, 44_100);
    header.writeUInt16LE(0x55, 20);
    const { samples } = await decodeSound(Buffer.concat([header, mp3]));
    expect(heard440(samples, 2000, 6000)).toBeGreaterThan(0.9);
  });

  it('decodes all samples of a WAV file whose sizes are 0', async () => {
    const file = wavFile(8000);
    file.writeUInt32LE(0, 4);
    file.writeUInt32LE(0, 40);
    const { samples } = await decodeSound(file);
    expect(samples.length).toBe(8000);
    expect(heard440(samples, 2000, 6000)).toBeGreaterThan(0.9);
  });

  it('decodes what is there of an MP3 that was cut off', async () => {
    const { samples } = await decodeSound(mp3.subarray(0, mp3.length / 2));
    expect(samples.length).toBeGreaterThan(2000);
    expect(samples.length).toBeLessThan(6000);
  });
});

describe('decodeSound refuses a file', () => {
  it.each([
    ['that is empty', Buffer.alloc(0), /neither WAV nor MP3/],
    ['of another kind', Buffer.from('OggS and so on'), /neither WAV nor MP3/],
    ['that only pretends to be MP3', Buffer.concat([Buffer.from('ID3'), Buffer.alloc(5000)]), /no sound/],
    ['that is WAV without samples', wavFile(8000, 0), /no sound/],
    ['that is MP3 with a tag alone', id3(4000), /no sound/],
    ['that is a web page', Buffer.from('<html>not found</html>'.repeat(1000)), /neither WAV nor MP3/],
    ['larger than 25 MB', Buffer.alloc(25_000_001), /25 MB/],
    ['longer than half an hour', eightBit(1801), /half an hour/],
  ])('%s', async (_, bytes, message) => {
    await expect(decodeSound(bytes)).rejects.toThrow(refused(message));
  });
});

/** A small file of many seconds: eight bits at 8 kHz. */
function eightBit(seconds: number): Buffer {
  const header = wavHeader(1, seconds * 8000);
  header.writeUInt16LE(8, 34);
  return Buffer.concat([header, Buffer.alloc(seconds * 8000, 128)]);
}

describe('the sound decoder', () => {
  it('decodes several files at the same time and reports the ones it refuses', async () => {
    const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
    try {
      const [fromWav, fromMp3, wrong] = await Promise.allSettled([
        decoder.decode(wavFile(16_000)),
        decoder.decode(mp3),
        decoder.decode(Buffer.from('no sound at all')),
      ]);
      for (const result of [fromWav, fromMp3]) {
        if (result.status === 'rejected') throw result.reason;
        expect(toneLevel(middle(result.value.samples), 440) / 16_384).toBeGreaterThan(0.9);
      }
      expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'unsupported_sound' } });
    } finally {
      await decoder.close();
    }
  });

  it('rejects with the reason of an aborted signal', async () => {
    const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
    const abort = new AbortController();
    const decoding = decoder.decode(mp3, { signal: abort.signal });
    abort.abort(new Error('hung up'));
    await expect(decoding).rejects.toThrow('hung up');
    await expect(decoder.decode(mp3, { signal: abort.signal })).rejects.toThrow('hung up');
    await decoder.close();
  });

  it('fails running and later jobs once it is closed', async () => {
    const decoder = createSoundDecoder({ clock: systemClock, log: silentLog });
    const decoding = decoder.decode(mp3);
    const failing = expect(decoding).rejects.toMatchObject({ code: 'play_failed' });
    await decoder.close();
    await decoder.close();
    await failing;
    await expect(decoder.decode(mp3)).rejects.toMatchObject({ code: 'play_failed' });
  });
});
