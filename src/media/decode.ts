import { MPEGDecoder } from 'mpg123-decoder';
import { Failure } from '../kit/index.ts';
import type { Sound } from './audio.ts';
import { SAMPLE_RATE, saturate } from './frame.ts';
import { Resampler, resample } from './resampler.ts';
import { isWav, readWav, readWavFormat } from './wav.ts';

/** The largest file that is decoded: 25 MB. */
export const MAX_FILE_BYTES = 25_000_000;
/** The longest sound: half an hour. */
export const MAX_SOUND_SECONDS = 1800;

const MAX_SAMPLES = MAX_SOUND_SECONDS * SAMPLE_RATE;

/**
 * Makes sound for the line of a whole file, WAV or MP3, whatever it is called. Takes a second of this thread for
 * some minutes of sound: on threads that carry calls use `createSoundDecoder`. Fails with `unsupported_sound`.
 */
export async function decodeSound(bytes: Uint8Array): Promise<Sound> {
  if (bytes.length > MAX_FILE_BYTES) throw unsupported('the file is larger than 25 MB');
  if (isWav(bytes)) return decodeWav(bytes);
  if (isMp3(bytes)) return decodeMp3(bytes);
  throw unsupported('the file is neither WAV nor MP3');
}

function decodeWav(bytes: Uint8Array): Sound {
  const { dataLength, bits, channels, sampleRate } = readWavFormat(bytes);
  if ((dataLength * 8) / (bits * channels * sampleRate) > MAX_SOUND_SECONDS) throw tooLong();
  return { samples: shared(resample(readWav(bytes).samples, usualRate(sampleRate), SAMPLE_RATE)) };
}

/**
 * The nearest rate that has much in common with that of the line: every one in use is such. A file that says
 * 44,101 would need a filter of a million coefficients.
 */
function usualRate(rate: number): number {
  const step = rate > 48_000 ? 200 : 25;
  return Math.round(rate / step) * step;
}

/** An ID3 tag, or the head of a frame: sync, a version, layer III, a bit rate, a sample rate. */
function isMp3(bytes: Uint8Array): boolean {
  const [first, second, third] = bytes as unknown as [number, number, number];
  if (bytes.length < 4) return false;
  if (String.fromCharCode(first, second, third) === 'ID3') return true;
  const sync = first === 0xff && second >= 0xe0 && (second & 0x18) !== 0x08 && (second & 0x06) === 0x02;
  return sync && third >> 4 !== 15 && (third & 0x0c) !== 0x0c;
}

/** So much is given to the decoder at once; it takes no more. */
const PIECE = 65_536;
/** A tag in the middle, or damage, is passed over so many times. */
const MAX_FAULTS = 8;

async function decodeMp3(bytes: Uint8Array): Promise<Sound> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const line = new Line();
    let faults = 0;
    for (let at = 0; at < bytes.length; at += PIECE) {
      const { channelData, samplesDecoded, sampleRate, errors } = decoder.decode(
        bytes.subarray(at, at + PIECE),
      );
      faults += errors.length;
      if (faults > MAX_FAULTS) throw unsupported(`the MP3 file is broken: ${errors[0]!.message}`);
      if (samplesDecoded > 0) line.add(channelData, sampleRate);
    }
    return { samples: line.end() };
  } finally {
    decoder.free();
  }
}

/** Gathers pieces of sound at the rate of the line. */
class Line {
  #resampler: Resampler | undefined;
  #rate = 0;
  #pieces: Int16Array[] = [];
  #length = 0;
  #taken = 0;

  add(channels: Float32Array[], rate: number): void {
    if (this.#resampler && rate !== this.#rate) throw unsupported('the MP3 file changes its sample rate');
    this.#rate = rate;
    this.#resampler ??= new Resampler(rate, SAMPLE_RATE);
    const samples = mono(channels);
    this.#taken += samples.length;
    const piece = new Int16Array(this.#resampler.room(samples.length));
    this.#keep(piece.subarray(0, this.#resampler.push(samples, piece)));
    if (this.#length > MAX_SAMPLES) throw tooLong();
  }

  end(): Int16Array<SharedArrayBuffer> {
    if (!this.#resampler) throw unsupported('the MP3 file holds no sound');
    const piece = new Int16Array(this.#resampler.room(0));
    this.#keep(piece.subarray(0, this.#resampler.flush(piece)));
    const length = Math.min(this.#length, Math.round((this.#taken * SAMPLE_RATE) / this.#rate));
    const samples = shared(new Int16Array(0), this.#length);
    let at = 0;
    for (const kept of this.#pieces) {
      samples.set(kept, at);
      at += kept.length;
    }
    return samples.subarray(0, length);
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

/** A copy in memory that threads share. */
function shared(samples: Int16Array, length = samples.length): Int16Array<SharedArrayBuffer> {
  const copy = new Int16Array(new SharedArrayBuffer(length * 2));
  copy.set(samples);
  return copy;
}

const unsupported = (message: string) => new Failure('unsupported_sound', message);
const tooLong = () => unsupported('the sound is longer than half an hour');
