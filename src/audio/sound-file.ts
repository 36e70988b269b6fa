import { MPEGDecoder } from 'mpg123-decoder';
import { Failure } from '../core/index.ts';
import { type AudioClip, SAMPLE_RATE, saturate } from './frame.ts';
import { findMp3Frames, type Mp3Segment } from './mp3-frames.ts';
import { Resampler, resample } from './resampler.ts';
import { isWav } from './wav-chunks.ts';
import { readWav, readWavFormat } from './wav-reader.ts';

/** The largest file that is decoded: 25 MB. */
export const MAX_FILE_BYTES = 25_000_000;
/** The longest sound: half an hour. */
export const MAX_SOUND_SECONDS = 1800;

/**
 * Decodes a whole WAV or MP3 file to 8 kHz mono samples. The content decides, not the file name. Takes a second of the
 * calling thread for some minutes of sound: threads that carry calls use `createSoundDecoder`. Rejects with
 * `unsupported_sound`.
 */
export async function decodeSound(bytes: Uint8Array): Promise<AudioClip> {
  if (bytes.length > MAX_FILE_BYTES) throw unsupported('the file is larger than 25 MB');
  const sound = isWav(bytes)
    ? await decodeWav(bytes)
    : await decodeMp3(bytes, 'the file is neither WAV nor MP3');
  if (sound.samples.length === 0) throw unsupported('the file has no sound');
  return sound;
}

async function decodeWav(bytes: Uint8Array): Promise<AudioClip> {
  const { encoding, dataOffset, dataLength, bits, channels, sampleRate } = readWavFormat(bytes);
  if (encoding === 'mp3')
    return decodeMp3(bytes.subarray(dataOffset, dataOffset + dataLength), 'the WAV file has no sound');
  if ((dataLength * 8) / (bits * channels * sampleRate) > MAX_SOUND_SECONDS) throw tooLong();
  return { samples: shared([resample(readWav(bytes).samples, usualRate(sampleRate), SAMPLE_RATE)]) };
}

/**
 * Rounds a sample rate to one that has a large common divisor with 8 kHz, as every rate in use has. A file that states
 * 44,101 Hz would need a filter of a million coefficients.
 */
function usualRate(rate: number): number {
  const step = rate > 48_000 ? 200 : 25;
  return Math.round(rate / step) * step;
}

/** The most octets that the decoder takes at once. */
const PIECE = 65_536;

/** @param otherwise error message for a file without frames. */
async function decodeMp3(bytes: Uint8Array, otherwise: string): Promise<AudioClip> {
  const segments = findMp3Frames(bytes);
  if (!segments) throw unsupported('the MP3 file changes its sample rate too often');
  if (segments.length === 0) throw unsupported(hasTag(bytes) ? 'the MP3 file has no sound' : otherwise);
  const seconds = segments.reduce((sum, { samples, sampleRate }) => sum + samples / sampleRate, 0);
  if (seconds > MAX_SOUND_SECONDS) throw tooLong();
  const sounds: Int16Array[] = [];
  for (const segment of segments) sounds.push(...(await decodeSegment(segment)));
  return { samples: shared(sounds) };
}

const hasTag = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(0, 3)) === 'ID3';

/** Decodes frames of one sample rate. Damaged frames become silence or are left out. */
async function decodeSegment({ sampleRate, pieces }: Mp3Segment): Promise<Int16Array[]> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const sound = new ResampledSound(sampleRate);
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += PIECE) {
        const { channelData, samplesDecoded } = decoder.decode(piece.subarray(at, at + PIECE));
        if (samplesDecoded > 0) sound.add(channelData);
      }
    }
    return sound.end();
  } finally {
    decoder.free();
  }
}

/** Collects pieces of sound of one sample rate as 8 kHz samples. */
class ResampledSound {
  #resampler: Resampler;
  #rate: number;
  #pieces: Int16Array[] = [];
  #length = 0;
  #taken = 0;

  constructor(rate: number) {
    this.#rate = rate;
    this.#resampler = new Resampler(rate, SAMPLE_RATE);
  }

  add(channels: Float32Array[]): void {
    const samples = mono(channels);
    this.#taken += samples.length;
    const piece = new Int16Array(this.#resampler.maxOutput(samples.length));
    this.#keep(piece.subarray(0, this.#resampler.push(samples, piece)));
  }

  /** @returns the pieces; together they last as long as the input. */
  end(): Int16Array[] {
    const piece = new Int16Array(this.#resampler.maxOutput(0));
    this.#keep(piece.subarray(0, this.#resampler.flush(piece)));
    const tooMuch = this.#length - Math.round((this.#taken * SAMPLE_RATE) / this.#rate);
    const last = this.#pieces.pop()!;
    return [...this.#pieces, last.subarray(0, last.length - Math.max(0, Math.min(last.length, tooMuch)))];
  }

  #keep(piece: Int16Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
  }
}

function mono(channels: Float32Array[]): Int16Array {
  const [left, right = left] = channels;
  const samples = new Int16Array(left!.length);
  for (let i = 0; i < samples.length; i++) samples[i] = saturate((left![i]! + right![i]!) * 16_384);
  return samples;
}

/** Copies the pieces to memory that threads share. */
function shared(pieces: Int16Array[]): Int16Array<SharedArrayBuffer> {
  const copy = new Int16Array(new SharedArrayBuffer(pieces.reduce((sum, { length }) => sum + length * 2, 0)));
  let at = 0;
  for (const piece of pieces) {
    copy.set(piece, at);
    at += piece.length;
  }
  return copy;
}

const unsupported = (message: string) => new Failure('unsupported_sound', message);
const tooLong = () => unsupported('the sound is longer than half an hour');
