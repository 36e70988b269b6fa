import { describe, expect, it } from 'vitest';
import { isWav } from './wav-chunks.ts';
import { readWav, readWavFormat } from './wav-reader.ts';
import { patchSizes, WAV_HEADER, wavFile, wavHeader } from './wav-writer.ts';

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

describe('writing', () => {
  it('writes a header of 44 octets that the reader understands', () => {
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

  it('writes a header for a file that is still growing', () => {
    const bytes = Buffer.concat([wavHeader(1, null), pcm(1, 2, 3)]);
    expect([...readWav(bytes).samples]).toEqual([1, 2, 3]);
  });

  it('patches the sizes of a finished file', () => {
    const header = wavHeader(1, null);
    patchSizes(header, 6);
    expect(header).toEqual(wavHeader(1, 6));
  });

  it('writes the unknown size when 32 bits are not enough', () => {
    expect(wavHeader(2, 5_000_000_000)).toEqual(wavHeader(2, null));
  });

  it('interleaves channels and fills shorter ones with silence', () => {
    const bytes = wavFile([Int16Array.of(1, 2, 3), Int16Array.of(-1)], 16_000);
    const { sampleRate, channels } = readWav(bytes);
    expect(sampleRate).toBe(16_000);
    expect(channels.map((samples) => [...samples])).toEqual([
      [1, 2, 3],
      [-1, 0, 0],
    ]);
  });
});

describe('reading', () => {
  it.each([
    ['8-bit PCM', 1, 8, Buffer.from([0, 128, 255])],
    ['24-bit PCM', 1, 24, Buffer.from([9, 0, 0x80, 9, 0, 0, 9, 0, 0x7f])],
    ['32-bit PCM', 1, 32, Buffer.from([9, 9, 0, 0x80, 9, 9, 0, 0, 9, 9, 0, 0x7f])],
    ['float', 3, 32, Buffer.from(Float32Array.of(-1.5, 0, 32512 / 32768).buffer)],
    ['double', 3, 64, Buffer.from(Float64Array.of(-1, 0, 32512 / 32768).buffer)],
  ])('reads %s', (_, tag, bits, data) => {
    expect([...readWav(file(tag, bits, data)).samples]).toEqual([-32768, 0, 32512]);
  });

  it('reads A-law and µ-law', () => {
    expect([...readWav(file(6, 8, Buffer.from([0x2a, 0xd5, 0xaa, 0x55]))).samples]).toEqual([
      -32256, 8, 32256, -8,
    ]);
    expect([...readWav(file(7, 8, Buffer.from([0x00, 0xff, 0x80]))).samples]).toEqual([-32124, 0, 32124]);
  });

  it('reads the extensible format', () => {
    const extension = Buffer.from('16001000040000000100000000001000800000aa00389b71', 'hex');
    const bytes = wav(chunk('fmt ', Buffer.concat([format(0xfffe, 16), extension])), chunk('data', pcm(7)));
    expect([...readWav(bytes).samples]).toEqual([7]);
  });

  it.each([
    ['24 bits in 32', 24, 4, Buffer.from([0, 9, 0, 0x80, 0, 9, 0, 0, 0, 9, 0, 0x7f])],
    ['20 bits in 24', 20, 3, Buffer.from([9, 0, 0x80, 9, 0, 0, 9, 0, 0x7f])],
    ['12 bits in 16', 12, 2, Buffer.from([0, 0x80, 0, 0, 0, 0x7f])],
  ])('reads %s', (_, bits, bytesOfSample, data) => {
    const head = format(1, bits);
    head.writeUInt16LE(bytesOfSample, 12);
    head.writeUInt32LE(8000 * bytesOfSample, 8);
    expect([...readWav(wav(chunk('fmt ', head), chunk('data', data))).samples]).toEqual([-32768, 0, 32512]);
  });

  it('reads A-law that states 16 bits, and a format without bits', () => {
    const data = Buffer.from([0x2a, 0xd5]);
    expect([...readWav(file(6, 16, data)).samples]).toEqual([-32256, 8]);
    const short = wav(chunk('fmt ', format(1, 16).subarray(0, 14)), chunk('data', pcm(1, 2)));
    expect([...readWav(short).samples]).toEqual([1, 2]);
  });

  it('skips other chunks, including those of odd length', () => {
    const bytes = wav(
      chunk('LIST', Buffer.from('abc')),
      chunk('fmt ', format(1, 16, 1, 44_100)),
      chunk('fact', Buffer.alloc(4)),
      chunk('data', pcm(1, 2)),
      chunk('LIST', Buffer.from('end')),
    );
    expect(readWavFormat(bytes)).toMatchObject({ sampleRate: 44_100, dataLength: 4 });
  });

  const samples = pcm(...Array.from({ length: 400 }, (_, i) => i + 1));
  const sized = (bytes: Buffer, size: number, at: number) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(size, at);
    return copy;
  };
  const read = (bytes: Buffer) => [...readWav(bytes).samples];
  const all = Array.from({ length: 400 }, (_, i) => i + 1);
  const head = chunk('fmt ', format(1, 16));
  const title = chunk('LIST', Buffer.from('INFOINAM\x06\0\0\0title\0', 'latin1'));

  it.each([0, 1, 0xfffffff, 0x7fffffff, 0x80000000, 0xffffffff])(
    'reads all samples whatever the size of the RIFF form is: %i',
    (size) => expect(read(sized(wav(head, chunk('data', samples)), size, 4))).toEqual(all),
  );

  it.each([0, 801, 0x7ffff000, 0x7fffffff, 0x80000000, 0xfffffff7, 0xffffffff])(
    'reads all samples, and nothing else, when their stated size is %i',
    (size) => {
      const plain = sized(wav(head, chunk('data', samples)), size, 40);
      expect(read(sized(plain, 0, 4))).toEqual(all);
      expect(read(sized(wav(title, head, chunk('data', samples)), size, 40 + title.length))).toEqual(all);
      if (size !== 801) expect(read(sized(wav(head, chunk('data', samples), title), size, 40))).toEqual(all);
    },
  );

  it.each(['LIST', 'bext', 'junk', 'zzzz'])('finds the samples after a chunk %s without padding', (id) => {
    const odd = chunk(id, Buffer.from('abc')).subarray(0, 11);
    expect(read(wav(odd, head, odd, chunk('data', samples), odd))).toEqual(all);
  });

  it.each([0xffffffff, 1000, 2, 0])('finds the samples after a chunk with the wrong size %i', (size) => {
    const wrong = sized(chunk('LIST', Buffer.from('INFOsomething')), size, 4);
    expect(read(wav(head, wrong, chunk('data', samples)))).toEqual(all);
  });

  it('reads the samples that follow an empty data chunk', () => {
    expect(read(wav(head, chunk('data', Buffer.alloc(0)), title, chunk('data', samples)))).toEqual(all);
    expect(read(wav(chunk('data', samples), head))).toEqual(all);
  });

  it('reads no samples from a file without samples', () => {
    expect(read(wav(head, chunk('data', Buffer.alloc(0)), title))).toEqual([]);
    expect(read(wav(head, chunk('data', Buffer.alloc(0))))).toEqual([]);
  });

  it('reads RF64, which keeps its sizes elsewhere', () => {
    const bytes = sized(wav(chunk('ds64', Buffer.alloc(28)), head, chunk('data', samples)), 0xffffffff, 76);
    bytes.write('RF64', 0, 'latin1');
    expect(read(bytes)).toEqual(all);
  });

  it('mixes two channels into one with equal weight', () => {
    const bytes = Buffer.concat([wavHeader(2, 8), pcm(100, 300, 32767, 32767)]);
    expect([...readWav(bytes).samples]).toEqual([200, 32767]);
  });

  it('ignores half a sample at the end of a file that was cut off', () => {
    expect([...readWav(Buffer.concat([wavHeader(2, null), pcm(1, 2, 3), Buffer.from([9])])).samples]).toEqual(
      [1],
    );
  });
});

describe('errors', () => {
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

  it('handles a file cut at any octet', () => {
    const bytes = file(1, 16, pcm(1, 2, 3));
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (length < 44) expect(() => readWav(cut)).toThrow(/WAV/);
      else expect(readWav(cut).samples.length).toBe((length - 44) >> 1);
    }
    expect(isWav(bytes.subarray(0, 11))).toBe(false);
  });
});
