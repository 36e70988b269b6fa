import { type FileHandle, open } from 'node:fs/promises';
import { readWavFileFormat, type WavFormat } from '../../audio/index.ts';

/** Consecutive samples of a file, per channel. */
export interface SoundChunk {
  sampleRate: number;
  channels: Int16Array[];
}

/** Octets of a file in memory at a time. */
const PIECE = 64 * 1024;

/** Reads a recording, WAV of 16 bits or MP3, a few seconds at a time: it may be hours long. */
export async function* readRecording(path: string): AsyncGenerator<SoundChunk> {
  const file = await open(path, 'r');
  try {
    const format = await readWavFileFormat(file);
    yield* format ? readWav(file, format) : readMp3(file);
  } finally {
    await file.close();
  }
}

async function* readWav(file: FileHandle, format: WavFormat): AsyncGenerator<SoundChunk> {
  const { channels, sampleRate, bits, encoding, dataOffset, frameBytes } = format;
  if (bits !== 16 || encoding !== 'pcm') throw new Error('the recording is not a WAV file of 16-bit samples');
  for await (const piece of pieces(file, dataOffset, PIECE - (PIECE % frameBytes))) {
    const count = Math.floor(piece.length / frameBytes);
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

async function* readMp3(file: FileHandle): AsyncGenerator<SoundChunk> {
  // The decoder is large, and most recordings do not need it.
  const { MPEGDecoder } = await import('mpg123-decoder');
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
