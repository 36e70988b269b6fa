import { Failure } from '../core/index.ts';
import { PCMA, PCMU } from './codec/g711.ts';
import { saturate } from './frame.ts';
import { chunksOf, dataLengthAt, isWav, viewOf } from './wav-chunks.ts';

/** How a WAV file stores its samples. */
export interface WavFormat {
  encoding: 'pcm' | 'float' | 'alaw' | 'ulaw' | 'mp3';
  /** Bits that one sample of one channel takes in the file; 0 for MP3. */
  bits: number;
  channels: number;
  /** Samples per second. */
  sampleRate: number;
  /** Octets of one sample of all channels; 0 for MP3. */
  frameBytes: number;
  /** Offset of the first sample. */
  dataOffset: number;
  /** Octets of samples. */
  dataLength: number;
}

/** The samples of a WAV file. */
export interface Wav {
  sampleRate: number;
  /** All channels mixed into one, with equal weight. */
  samples: Int16Array;
  channels: Int16Array[];
}

const MP3_IN_WAV = 0x55;
const EXTENSIBLE = 0xfffe;
const ENCODINGS: Record<number, WavFormat['encoding']> = {
  1: 'pcm',
  3: 'float',
  6: 'alaw',
  7: 'ulaw',
  [MP3_IN_WAV]: 'mp3',
};
const WIDTHS = { pcm: [8, 16, 24, 32], float: [32, 64], alaw: [8], ulaw: [8] };

/**
 * Finds the format and the samples of a WAV file. A size in the file is only a hint: where the size of the samples is 0 or
 * exceeds the file, as in a file that was streamed or never finished, everything that follows is samples; chunks of odd
 * length may lack their padding. Throws `unsupported_sound`.
 */
export function readWavFormat(bytes: Uint8Array): WavFormat {
  if (!isWav(bytes)) throw unsupported('this is not a WAV file');
  let format: Omit<WavFormat, 'dataOffset' | 'dataLength'> | undefined;
  let data: Pick<WavFormat, 'dataOffset' | 'dataLength'> | undefined;
  for (const { id, start, size } of chunksOf(bytes)) {
    if (id === 'fmt ') format ??= readFormat(viewOf(bytes), start, Math.min(size, bytes.length - start));
    if (id === 'data' && !data?.dataLength)
      data = { dataOffset: start, dataLength: dataLengthAt(bytes, start, size) };
    if (format && data?.dataLength) break;
  }
  if (format && data) return { ...format, ...data };
  throw unsupported(format ? 'the WAV file has no samples' : 'the WAV file has no format');
}

/**
 * Reads a whole WAV file: PCM of 8, 16, 24 or 32 bits, float, A-law or µ-law. Throws `unsupported_sound`.
 */
export function readWav(bytes: Uint8Array): Wav {
  const format = readWavFormat(bytes);
  if (format.encoding === 'mp3') throw unsupported('the WAV file contains MP3');
  const { frameBytes, dataOffset, sampleRate } = format;
  const width = format.bits / 8;
  const read = sampleReader(format, bytes);
  const frames = Math.floor(format.dataLength / frameBytes);
  const channels = Array.from({ length: format.channels }, (_, channel) => {
    const samples = new Int16Array(frames);
    for (let i = 0; i < frames; i++) samples[i] = read(dataOffset + i * frameBytes + channel * width);
    return samples;
  });
  return { sampleRate, channels, samples: mixedDown(channels) };
}

function mixedDown(channels: Int16Array[]): Int16Array {
  const [first = new Int16Array(0)] = channels;
  if (channels.length < 2) return first;
  return first.map((_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length);
}

function readFormat(view: DataView, at: number, length: number) {
  if (length < 14) throw unsupported('the format of the WAV file is cut short');
  let tag = view.getUint16(at, true);
  // WAVE_FORMAT_EXTENSIBLE keeps the real format in the first octets of its GUID.
  if (tag === EXTENSIBLE && length >= 26) tag = view.getUint16(at + 24, true);
  const encoding = ENCODINGS[tag];
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = encoding === 'mp3' ? 0 : bitsOf(view, at, length, encoding);
  if (!encoding || (encoding !== 'mp3' && !WIDTHS[encoding].includes(bits))) {
    throw unsupported(`WAV format ${tag} with ${bits} bits is not supported`);
  }
  if (channels < 1 || channels > 8)
    throw unsupported(`a WAV file with ${channels} channels is not supported`);
  if (sampleRate < 1000 || sampleRate > 192_000)
    throw unsupported(`a sample rate of ${sampleRate} Hz is not supported`);
  return { encoding, channels, sampleRate, bits, frameBytes: (bits / 8) * channels };
}

/** Bits that one sample of one channel takes in the file, which may be more than its stated resolution. */
function bitsOf(
  view: DataView,
  at: number,
  length: number,
  encoding: WavFormat['encoding'] | undefined,
): number {
  // A-law and µ-law always have eight, whatever the file states.
  if (encoding === 'alaw' || encoding === 'ulaw') return 8;
  const channels = view.getUint16(at + 2, true);
  const frame = view.getUint16(at + 12, true);
  const isConsistent = view.getUint32(at + 8, true) === view.getUint32(at + 4, true) * frame;
  const container = (frame / Math.max(1, channels)) * 8;
  const bits = length < 16 ? container : view.getUint16(at + 14, true);
  // 12 in 16, 20 in 24, 24 in 32: the sample occupies the upper bits.
  const isPadded = isConsistent && container > bits && (bits % 8 !== 0 || bits === 24);
  return isPadded ? container : bits;
}

/** Returns a function from the offset of a sample to its value. */
function sampleReader(format: WavFormat, bytes: Uint8Array): (at: number) => number {
  const view = viewOf(bytes);
  if (format.encoding === 'alaw') return (at) => PCMA.samples[bytes[at]!]!;
  if (format.encoding === 'ulaw') return (at) => PCMU.samples[bytes[at]!]!;
  if (format.encoding === 'float') {
    if (format.bits === 64) return (at) => saturate(view.getFloat64(at, true) * 32768);
    return (at) => saturate(view.getFloat32(at, true) * 32768);
  }
  // Eight bits are unsigned, all others signed. Of more than sixteen bits the upper ones are used.
  if (format.bits === 8) return (at) => (bytes[at]! - 128) << 8;
  return (at) => view.getInt16(at + format.bits / 8 - 2, true);
}

const unsupported = (message: string) => new Failure('unsupported_sound', message);
