import { type FileHandle, open } from 'node:fs/promises';
import { MPEGDecoder } from 'mpg123-decoder';
import { readWavFormat, wavHeader } from '../../audio/index.ts';

/** A stretch of a file: the samples of each channel. */
export interface Stretch {
  sampleRate: number;
  channels: Int16Array[];
}

/** So much of a file is in memory at a time. */
const PIECE = 64 * 1024;

/** The sound of a recording, WAV of 16 bits or MP3, a few seconds at a time: it may be hours long. */
export async function* readSound(path: string): AsyncGenerator<Stretch> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const begin = head.subarray(0, bytesRead);
    yield* begin.toString('latin1', 0, 4) === 'RIFF' ? readWav(file, begin) : readMp3(file);
  } finally {
    await file.close();
  }
}

async function* readWav(file: FileHandle, head: Buffer): AsyncGenerator<Stretch> {
  const { channels, sampleRate, bits, encoding, dataOffset } = readWavFormat(head);
  if (bits !== 16 || encoding !== 'pcm') throw new Error('the recording is not a WAV file of 16-bit samples');
  const frame = channels * 2;
  for await (const piece of pieces(file, dataOffset, PIECE - (PIECE % frame))) {
    const count = Math.floor(piece.length / frame);
    yield { sampleRate, channels: channelsOf(piece, channels, count) };
  }
}

function channelsOf(piece: Buffer, channels: number, count: number): Int16Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const samples = new Int16Array(count);
    for (let at = 0; at < count; at++) samples[at] = piece.readInt16LE((at * channels + channel) * 2);
    return samples;
  });
}

async function* readMp3(file: FileHandle): AsyncGenerator<Stretch> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    for await (const piece of pieces(file, 0, PIECE)) {
      const { channelData, samplesDecoded, sampleRate } = decoder.decode(piece);
      if (samplesDecoded === 0) continue;
      yield { sampleRate, channels: channelData.map((channel) => Int16Array.from(channel, toInt16)) };
    }
  } finally {
    decoder.free();
  }
}

const toInt16 = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)));

async function* pieces(file: FileHandle, from: number, size: number): AsyncGenerator<Buffer> {
  for (let at = from; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** One channel as a WAV file of 16-bit samples. */
export function wavOf(samples: Int16Array, sampleRate: number): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  for (let at = 0; at < samples.length; at++) data.writeInt16LE(samples[at]!, at * 2);
  return Buffer.concat([wavHeader(1, data.length, sampleRate), data]);
}
