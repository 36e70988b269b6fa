import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { createMp3Encoder } from 'wasm-media-encoders';
import { readPcm16Format, type WavFormat } from '../audio/index.ts';
import { DRAFT, mp3Beside } from './files.ts';

/** Samples encoded at a time: a second of 8 kHz sound, about 3 ms of work. */
const BLOCK = 8000;
/** Bit rate in kbit/s by number of channels: inaudible loss for telephone speech. */
const BITRATE = { 1: 32, 2: 64 } as const;

/** Encodes a closed WAV file to an MP3 file beside it. The MP3 appears only when it is complete and on disk. */
export async function encodeMp3(wav: string): Promise<void> {
  const target = mp3Beside(wav);
  const draft = target + DRAFT;
  const source = await open(wav, 'r');
  try {
    const format = await readPcm16Format(source);
    if (!format) throw new Error('the file is not a WAV file of 16-bit samples');
    await encode(source, format, draft);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}

async function encode(source: FileHandle, format: WavFormat, draft: string): Promise<void> {
  const channels = format.channels === 1 ? 1 : 2;
  const encoder = await createMp3Encoder();
  encoder.configure({ sampleRate: format.sampleRate, channels, bitrate: BITRATE[channels] });
  const target = await open(draft, 'w', 0o600);
  try {
    const block = Buffer.alloc(BLOCK * format.frameBytes);
    for (let at = format.dataOffset; ; ) {
      const { bytesRead } = await source.read(block, 0, block.length, at);
      const samples = Math.floor(bytesRead / format.frameBytes);
      if (samples === 0) break;
      await target.write(encoder.encode(channelsOf(block, samples, format)).slice());
      at += samples * format.frameBytes;
    }
    await target.write(encoder.finalize().slice());
    await target.datasync();
  } finally {
    await target.close();
  }
}

function channelsOf(block: Buffer, samples: number, { channels, frameBytes }: WavFormat): Float32Array[] {
  return Array.from({ length: Math.min(2, channels) }, (_, channel) =>
    Float32Array.from(
      { length: samples },
      (_, index) => block.readInt16LE(index * frameBytes + channel * 2) / 32768,
    ),
  );
}
