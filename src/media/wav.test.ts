import { describe, expect, it } from 'vitest';
import { isWav, patchSizes, readWav, readWavFormat, WAV_HEADER, wavHeader } from './wav.ts';

const chunk = (id: string, body: Uint8Array): Buffer => {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
};
const format = (tag: number, bits: number, channels = 1, rate = 8000): Buffer => {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return body;
};
const wav = (...chunks: Buffer[]): Buffer => chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
const pcm = (...samples: number[]): Buffer => Buffer.from(Int16Array.from(samples).buffer);
const file = (tag: number, bits: number, data: Buffer) =>
  wav(chunk('fmt ', format(tag, bits)), chunk('data', data));

describe('the header that is written', () => {
  it('is 44 octets, and is read as it was meant', () => {
    const bytes = Buffer.concat([wavHeader(2, 8), pcm(1, -2, 3, -4)]);
    expect(bytes.length).toBe(WAV_HEADER + 8);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.readUInt32LE(28)).toBe(32_000);
    const { sampleRate, channels } = readWav(bytes);
    expect(sampleRate).toBe(8000);
    expect(channels.map((samples) => [...samples])).toEqual([
      [1, 3],
      [-2, -4],
    ]);
  });

  it('lets a file be read while it is being written', () => {
    const bytes = Buffer.concat([wavHeader(1, null), pcm(1, 2, 3)]);
    expect([...readWav(bytes).samples]).toEqual([1, 2, 3]);
  });

  it('gets its sizes when the file is finished', () => {
    const header = wavHeader(1, null);
    patchSizes(header, 6);
    expect(header).toEqual(wavHeader(1, 6));
  });

  it('says “until the end” where 32 bits do not hold the size', () => {
    expect(wavHeader(2, 5_000_000_000)).toEqual(wavHeader(2, null));
  });
});

describe('reading', () => {
  it.each([
    ['8-bit PCM', 1, 8, Buffer.from([0, 128, 255])],
    ['24-bit PCM', 1, 24, Buffer.from([9, 0, 0x80, 9, 0, 0, 9, 0, 0x7f])],
    ['32-bit PCM', 1, 32, Buffer.from([9, 9, 0, 0x80, 9, 9, 0, 0, 9, 9, 0, 0x7f])],
    ['float', 3, 32, Buffer.from(Float32Array.of(-1.5, 0, 32512 / 32768).buffer)],
    ['double', 3, 64, Buffer.from(Float64Array.of(-1, 0, 32512 / 32768).buffer)],
  ])('understands %s', (_, tag, bits, data) => {
    expect([...readWav(file(tag, bits, data)).samples]).toEqual([-32768, 0, 32512]);
  });

  it('understands A-law and µ-law', () => {
    expect([...readWav(file(6, 8, Buffer.from([0x2a, 0xd5, 0xaa, 0x55]))).samples]).toEqual([
      -32256, 8, 32256, -8,
    ]);
    expect([...readWav(file(7, 8, Buffer.from([0x00, 0xff, 0x80]))).samples]).toEqual([-32124, 0, 32124]);
  });

  it('understands the extensible format', () => {
    const extension = Buffer.from('16001000040000000100000000001000800000aa00389b71', 'hex');
    const bytes = wav(chunk('fmt ', Buffer.concat([format(0xfffe, 16), extension])), chunk('data', pcm(7)));
    expect([...readWav(bytes).samples]).toEqual([7]);
  });

  it('steps over other chunks, also those of odd length', () => {
    const bytes = wav(
      chunk('LIST', Buffer.from('abc')),
      chunk('fmt ', format(1, 16, 1, 44_100)),
      chunk('fact', Buffer.alloc(4)),
      chunk('data', pcm(1, 2)),
      chunk('LIST', Buffer.from('end')),
    );
    expect(readWavFormat(bytes)).toMatchObject({ sampleRate: 44_100, dataLength: 4 });
  });

  it('makes one channel of two, each half as loud', () => {
    const bytes = Buffer.concat([wavHeader(2, 8), pcm(100, 300, 32767, 32767)]);
    expect([...readWav(bytes).samples]).toEqual([200, 32767]);
  });

  it('leaves out half a sample at the end of a file that was cut off', () => {
    expect([...readWav(Buffer.concat([wavHeader(2, null), pcm(1, 2, 3), Buffer.from([9])])).samples]).toEqual(
      [1],
    );
  });
});

describe('refusing', () => {
  it.each([
    ['what is not a WAV file', Buffer.from('ID3 and so on, and on')],
    ['a file without format', wav(chunk('data', pcm(1)))],
    ['a file without samples', wav(chunk('fmt ', format(1, 16)))],
    ['a format cut short', wav(chunk('fmt ', format(1, 16).subarray(0, 8)))],
    ['ADPCM', file(2, 4, Buffer.alloc(4))],
    ['12 bits', file(1, 12, Buffer.alloc(4))],
    ['no channels', wav(chunk('fmt ', format(1, 16, 0)), chunk('data', pcm(1)))],
    ['no rate', wav(chunk('fmt ', format(1, 16, 1, 0)), chunk('data', pcm(1)))],
  ])('refuses %s', (_, bytes) => {
    expect(() => readWav(bytes)).toThrow(expect.objectContaining({ code: 'unsupported_sound' }));
  });

  it('stays calm at every cut of a file', () => {
    const bytes = file(1, 16, pcm(1, 2, 3));
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (length < 44) expect(() => readWav(cut)).toThrow(/WAV/);
      else expect(readWav(cut).samples.length).toBe((length - 44) >> 1);
    }
    expect(isWav(bytes.subarray(0, 11))).toBe(false);
  });
});
