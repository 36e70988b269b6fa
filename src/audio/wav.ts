import { Failure } from '../core/index.ts';
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
  encoding: 'pcm' | 'float' | 'alaw' | 'ulaw' | 'mp3';
  /** Of one sample of one channel, as they lie in the file; 0 for MP3. */
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

/** Whether bytes begin like a WAV file. RF64 and BW64 are WAV files of more than 4 GiB, and shorter ones too. */
export const isWav = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 && FORMS.has(chunkId(bytes, 0)) && chunkId(bytes, 8) === 'WAVE';

const FORMS = new Set(['RIFF', 'RF64', 'BW64']);

/**
 * Finds format and samples. Sizes are taken for what the file shows them to be: where the size of the samples is 0 or goes
 * beyond the end, as in a file that was streamed or never finished, all that follows is samples; chunks of odd length
 * may lack their padding. Fails with `unsupported_sound`.
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
  throw unsupported(format ? 'the WAV file holds no samples' : 'the WAV file does not say its format');
}

interface Chunk {
  id: string;
  /** Where its content begins, and how long it says that it is. */
  start: number;
  size: number;
}

/** More chunks than this are not in a file of sound. */
const MAX_CHUNKS = 1_000;

function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  let offset = 12;
  for (let count = 0; count < MAX_CHUNKS && offset + 8 <= bytes.length; count++) {
    const chunk = { id: chunkId(bytes, offset), start: offset + 8, size: view.getUint32(offset + 4, true) };
    yield chunk;
    offset = nextChunk(bytes, chunk);
  }
}

/** Chunks begin at even places, unless the writer forgot the padding, or the size of a chunk is wrong. */
function nextChunk(bytes: Uint8Array, { id, start, size }: Chunk): number {
  const unpadded = start + size;
  const padded = unpadded + (size & 1);
  // The end of the samples, where a size says nothing, is the end of the file.
  if (id === 'data' && (size === 0 || unpadded > bytes.length)) return size === 0 ? start : bytes.length;
  if (isKnown(bytes, padded)) return padded;
  if (isKnown(bytes, unpadded)) return unpadded;
  if (isChunk(bytes, padded) || padded + 8 > bytes.length) {
    if (unpadded <= bytes.length) return padded;
  }
  return findChunk(bytes, start);
}

/** The next place that begins like the format or the samples. */
function findChunk(bytes: Uint8Array, from: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = ['fmt ', 'data'].map((id) => text.indexOf(id, from, 'latin1')).filter((at) => at >= 0);
  return Math.min(bytes.length, ...places);
}

/** How many octets of samples there are. */
function dataLengthAt(bytes: Uint8Array, start: number, size: number): number {
  const rest = bytes.length - start;
  if (size > 0 && size <= rest) return size;
  if (size === 0 && isKnown(bytes, start)) return 0;
  return rest - trailerOf(bytes, start);
}

/** So far from the end a trailing chunk is looked for, like a title or a cover. */
const MAX_TRAILER = 65_536;

/** The octets of the chunks behind samples that do not say where they end: known ones, up to the very end of the file. */
function trailerOf(bytes: Uint8Array, start: number): number {
  const view = viewOf(bytes);
  for (let at = Math.max(start, bytes.length - MAX_TRAILER); at + 8 <= bytes.length; at++) {
    if (!isKnown(bytes, at)) continue;
    let end = at;
    while (end + 8 <= bytes.length && isKnown(bytes, end)) {
      const size = view.getUint32(end + 4, true);
      end += 8 + size + (size & 1);
    }
    if (end === bytes.length || end === bytes.length + 1) return bytes.length - at;
  }
  return 0;
}

const KNOWN = new Set(
  'fmt |data|LIST|fact|bext|cue |smpl|inst|ds64|JUNK|junk|PAD |FLLR|iXML|axml|id3 |ID3 |PEAK|plst|acid|cart|umid|DISP|afsp|_PMX'.split(
    '|',
  ),
);

const isKnown = (bytes: Uint8Array, at: number): boolean =>
  at + 8 <= bytes.length && KNOWN.has(chunkId(bytes, at));

/** Whether this may be the head of a chunk that nobody here knows. */
function isChunk(bytes: Uint8Array, at: number): boolean {
  if (at + 8 > bytes.length || !/^[ -~]{4}$/.test(chunkId(bytes, at))) return false;
  return viewOf(bytes).getUint32(at + 4, true) <= bytes.length - at - 8;
}

/** Reads a whole WAV file: PCM of 8, 16, 24 or 32 bits, float, A-law or µ-law. Fails with `unsupported_sound`. */
export function readWav(bytes: Uint8Array): Wav {
  const format = readWavFormat(bytes);
  if (format.encoding === 'mp3') throw unsupported('the WAV file holds MP3');
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
/** MP3 in a WAV file: its frames stand where the samples would. */
const MP3 = 0x55;
const EXTENSIBLE = 0xfffe;
const ENCODINGS: Record<number, WavFormat['encoding']> = {
  1: 'pcm',
  3: 'float',
  6: 'alaw',
  7: 'ulaw',
  [MP3]: 'mp3',
};
const WIDTHS = { pcm: [8, 16, 24, 32], float: [32, 64], alaw: [8], ulaw: [8] };

function readFormat(view: DataView, at: number, length: number) {
  if (length < 14) throw unsupported('the format of the WAV file is cut short');
  let tag = view.getUint16(at, true);
  // The real format of WAVE_FORMAT_EXTENSIBLE is in the first octets of its GUID.
  if (tag === EXTENSIBLE && length >= 26) tag = view.getUint16(at + 24, true);
  const encoding = ENCODINGS[tag];
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = encoding === 'mp3' ? 0 : bitsOf(view, at, length, encoding);
  if (!encoding || (encoding !== 'mp3' && !WIDTHS[encoding].includes(bits))) {
    throw unsupported(`WAV files of format ${tag} with ${bits} bits are not read here`);
  }
  if (channels < 1 || channels > 8) throw unsupported(`a WAV file of ${channels} channels is not read here`);
  if (sampleRate < 1000 || sampleRate > 192_000)
    throw unsupported(`${sampleRate} samples a second are not read here`);
  return { encoding, channels, sampleRate, bits };
}

/** The bits that one sample of one channel takes in the file, which may be more than it says that the sample has. */
function bitsOf(
  view: DataView,
  at: number,
  length: number,
  encoding: WavFormat['encoding'] | undefined,
): number {
  // A-law and µ-law have eight, whatever is said.
  if (encoding === 'alaw' || encoding === 'ulaw') return 8;
  const channels = view.getUint16(at + 2, true);
  const frame = view.getUint16(at + 12, true);
  const isSure = view.getUint32(at + 8, true) === view.getUint32(at + 4, true) * frame;
  const container = (frame / Math.max(1, channels)) * 8;
  const bits = length < 16 ? container : view.getUint16(at + 14, true);
  // 12 in 16, 20 in 24, 24 in 32: the sample stands in the upper bits.
  const isPadded = isSure && container > bits && (bits % 8 !== 0 || bits === 24);
  return isPadded ? container : bits;
}

/** A function from the place of a sample to its value. */
function sampleReader(format: WavFormat, bytes: Uint8Array): (at: number) => number {
  const view = viewOf(bytes);
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

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const chunkId = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);

const unsupported = (message: string) => new Failure('unsupported_sound', message);
