import { Failure } from '../kit/index.ts';
import { PCMA, PCMU } from './codec/g711.ts';
import { SAMPLE_RATE, saturate } from './frame.ts';

/** Octets before the samples in every WAV file that is written here. */
export const WAV_HEADER = 44;

/**
 * What a reader takes for "until the end of the file": ffmpeg and sox both do. RIFF counts in 32 bits, so a
 * file ends at 4 GiB: 37 hours of two channels at 8 kHz.
 */
const UNKNOWN = 0xffffffff;

/** How sound lies in a WAV file. */
export interface WavFormat {
  encoding: 'pcm' | 'float' | 'alaw' | 'ulaw';
  /** Of one sample of one channel. */
  bits: number;
  channels: number;
  sampleRate: number;
  /** Where the samples begin, and how many octets of them there are. */
  dataOffset: number;
  dataLength: number;
}

/** The sound of a WAV file. */
export interface Wav {
  sampleRate: number;
  /** All channels as one, each as loud as the others. */
  samples: Int16Array;
  channels: Int16Array[];
}

/**
 * A header for 16-bit samples.
 * @param dataLength octets of samples, or null while the file is being written: it can be played meanwhile.
 */
export function wavHeader(channels: number, dataLength: number | null, sampleRate = SAMPLE_RATE): Buffer {
  const header = Buffer.alloc(WAV_HEADER);
  header.write('RIFF', 0, 'latin1');
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  patchSizes(header, dataLength);
  return header;
}

/** Writes how long the file is into a header that `wavHeader` made. */
export function patchSizes(header: Buffer, dataLength: number | null): void {
  const known = dataLength !== null && dataLength <= UNKNOWN - WAV_HEADER;
  header.writeUInt32LE(known ? dataLength + WAV_HEADER - 8 : UNKNOWN, 4);
  header.writeUInt32LE(known ? dataLength : UNKNOWN, 40);
}

/** Whether bytes begin like a WAV file. */
export const isWav = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 && chunkId(bytes, 0) === 'RIFF' && chunkId(bytes, 8) === 'WAVE';

/**
 * Finds format and samples. Sizes that go beyond the end, as in a file that was never finished, mean the end.
 * Fails with `unsupported_sound`.
 */
export function readWavFormat(bytes: Uint8Array): WavFormat {
  if (!isWav(bytes)) throw unsupported('this is not a WAV file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Omit<WavFormat, 'dataOffset' | 'dataLength'> | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const id = chunkId(bytes, offset);
    const start = offset + 8;
    const length = Math.min(view.getUint32(offset + 4, true), bytes.length - start);
    if (id === 'fmt ') format = readFormat(view, start, length);
    if (id === 'data' && format) return { ...format, dataOffset: start, dataLength: length };
    // Chunks begin at even places.
    offset = start + length + (length & 1);
  }
  throw unsupported(format ? 'the WAV file holds no samples' : 'the WAV file does not say its format');
}

/** Reads a whole WAV file: PCM of 8, 16, 24 or 32 bits, float, A-law or µ-law. Fails with `unsupported_sound`. */
export function readWav(bytes: Uint8Array): Wav {
  const format = readWavFormat(bytes);
  const width = format.bits / 8;
  const read = sampleReader(format, bytes);
  const frames = Math.floor(format.dataLength / (width * format.channels));
  const channels = Array.from({ length: format.channels }, (_, channel) => {
    const samples = new Int16Array(frames);
    for (let i = 0; i < frames; i++) {
      samples[i] = read(format.dataOffset + (i * format.channels + channel) * width);
    }
    return samples;
  });
  return { sampleRate: format.sampleRate, channels, samples: asOne(channels) };
}

/** All channels as one, each as loud as the others. */
export function asOne(channels: Int16Array[]): Int16Array {
  const [first = new Int16Array(0)] = channels;
  if (channels.length < 2) return first;
  return first.map((_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length);
}

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const ENCODINGS: Record<number, WavFormat['encoding']> = { 1: 'pcm', 3: 'float', 6: 'alaw', 7: 'ulaw' };
const WIDTHS = { pcm: [8, 16, 24, 32], float: [32, 64], alaw: [8], ulaw: [8] };

function readFormat(view: DataView, at: number, length: number) {
  if (length < 16) throw unsupported('the format of the WAV file is cut short');
  let tag = view.getUint16(at, true);
  // The real format of WAVE_FORMAT_EXTENSIBLE is in the first octets of its GUID.
  if (tag === EXTENSIBLE && length >= 26) tag = view.getUint16(at + 24, true);
  const encoding = ENCODINGS[tag];
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (!encoding || !WIDTHS[encoding].includes(bits)) {
    throw unsupported(`WAV files of format ${tag} with ${bits} bits are not read here`);
  }
  if (channels < 1 || channels > 8) throw unsupported(`a WAV file of ${channels} channels is not read here`);
  if (sampleRate < 1000 || sampleRate > 192_000)
    throw unsupported(`${sampleRate} samples a second are not read here`);
  return { encoding, channels, sampleRate, bits };
}

/** A function from the place of a sample to its value. */
function sampleReader(format: WavFormat, bytes: Uint8Array): (at: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format.encoding === 'alaw') return (at) => PCMA.samples[bytes[at]!]!;
  if (format.encoding === 'ulaw') return (at) => PCMU.samples[bytes[at]!]!;
  if (format.encoding === 'float') {
    if (format.bits === 64) return (at) => saturate(view.getFloat64(at, true) * 32768);
    return (at) => saturate(view.getFloat32(at, true) * 32768);
  }
  // Eight bits are unsigned, all others signed; of more than sixteen the upper ones are taken.
  if (format.bits === 8) return (at) => (bytes[at]! - 128) << 8;
  return (at) => view.getInt16(at + format.bits / 8 - 2, true);
}

const chunkId = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);

const unsupported = (message: string) => new Failure('unsupported_sound', message);
