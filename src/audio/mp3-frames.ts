/** Where the frames of an MP3 file are, and of what kind: what stands between them is left out. */
export interface Mp3Segment {
  /** Samples a second, and channels, of all frames of the segment. */
  sampleRate: number;
  channels: 1 | 2;
  /** Samples of one channel in all of its frames. */
  samples: number;
  /** The frames: pieces of the file, in its order. */
  pieces: Uint8Array[];
}

interface Frame {
  length: number;
  sampleRate: number;
  channels: 1 | 2;
  samples: number;
}

/** In the order of the index; 0 is a free format, which nobody uses. kbit/s of layer III. */
const BITRATES = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const SAMPLE_RATES = [44_100, 48_000, 32_000];
/** By the two bits of the version: what the sample rate is divided by. */
const VERSIONS: Record<number, { divisor: number; family: 1 | 2 }> = {
  3: { divisor: 1, family: 1 },
  2: { divisor: 2, family: 2 },
  0: { divisor: 4, family: 2 },
};
/** So many frames in a row are no accident; a file that is shorter ends with the last of them. */
const SURE = 3;
/** A file that changes more often than this is not a file of sound. */
const MAX_SEGMENTS = 64;
/** What may stand behind the last frame: an ID3v1 tag, and a lyrics or APE tag before it. */
const ID3V1_BYTES = 128;

/**
 * Finds the frames of a file of MPEG audio layer III, whatever stands before, between and behind them: tags, zeros,
 * garbage. Where the rate or the channels change, another segment begins.
 * @returns nothing when it is no such file. Undefined when it changes too often.
 */
export function findMp3Frames(bytes: Uint8Array): Mp3Segment[] | undefined {
  const segments: Mp3Segment[] = [];
  for (let at = skipTag(bytes, 0); at + 4 <= bytes.length; ) {
    const frame = frameAt(bytes, at);
    const isPart = frame && (isOfKind(segments.at(-1), frame) || isSure(bytes, at));
    if (!isPart) {
      at = nextSync(bytes, skipTag(bytes, at), at);
      continue;
    }
    if (!isOfKind(segments.at(-1), frame)) {
      if (segments.length === MAX_SEGMENTS) return undefined;
      const { sampleRate, channels } = frame;
      segments.push({ sampleRate, channels, samples: 0, pieces: [] });
    }
    at = takeRun(bytes, at, segments.at(-1)!);
  }
  return segments;
}

/** Takes frames that follow each other. @returns the end of the last one. */
function takeRun(bytes: Uint8Array, from: number, segment: Mp3Segment): number {
  let at = from;
  for (let frame = frameAt(bytes, at); frame && isOfKind(segment, frame); frame = frameAt(bytes, at)) {
    segment.samples += frame.samples;
    at = Math.min(bytes.length, at + frame.length);
  }
  segment.pieces.push(bytes.subarray(from, at));
  return at;
}

const isOfKind = (segment: Mp3Segment | undefined, frame: Frame): boolean =>
  segment?.sampleRate === frame.sampleRate && segment.channels === frame.channels;

/** Whether so many frames of one kind follow each other here, or the last ones of the file do. */
function isSure(bytes: Uint8Array, from: number): boolean {
  const first = frameAt(bytes, from)!;
  let at = from;
  for (let count = 0; count < SURE; count++) {
    const frame = frameAt(bytes, at);
    if (frame?.sampleRate !== first.sampleRate || frame.channels !== first.channels)
      return count > 0 && isEnd(bytes, at);
    at += frame.length;
  }
  return true;
}

/** A frame that ends here is the last one. A frame that is cut off by the end of the file counts too. */
const isEnd = (bytes: Uint8Array, at: number): boolean =>
  at >= bytes.length - 3 || (at === bytes.length - ID3V1_BYTES && startsWith(bytes, at, 'TAG'));

/** Reads the head of a frame: sync, version, layer III, a bit rate, a sample rate (ISO 11172-3 §2.4.1.3). */
function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  if (at + 4 > bytes.length || bytes[at] !== 0xff) return undefined;
  const [second, third, fourth] = [bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
  const version = VERSIONS[(second >> 3) & 3];
  if (second >> 5 !== 7 || (second & 0x06) !== 0x02 || !version) return undefined;
  const bitrate = BITRATES[version.family][third >> 4];
  const rate = SAMPLE_RATES[(third >> 2) & 3];
  if (!bitrate || !rate || (fourth & 3) === 2) return undefined;
  const sampleRate = rate / version.divisor;
  const samples = version.family === 1 ? 1152 : 576;
  const length = Math.floor(((samples / 8) * bitrate * 1000) / sampleRate) + ((third >> 1) & 1);
  return { length, sampleRate, samples, channels: fourth >> 6 === 3 ? 1 : 2 };
}

/** The next place where a frame may begin, or a tag that is to be skipped. */
function nextSync(bytes: Uint8Array, skipped: number, at: number): number {
  if (skipped > at) return skipped;
  for (let place = at + 1; place < bytes.length; place++) {
    const octet = bytes[place];
    if (octet === 0xff && (bytes[place + 1] ?? 0) >= 0xe0) return place;
    if (octet === 0x49 && startsWith(bytes, place, 'ID3')) return place;
  }
  return bytes.length;
}

/** ID3v2: ten octets, four of which hold the size in seven bits each, and a footer where a flag says so. */
function skipTag(bytes: Uint8Array, at: number): number {
  if (!startsWith(bytes, at, 'ID3') || at + 10 > bytes.length) return at;
  const size = [6, 7, 8, 9].map((place) => bytes[at + place]!);
  if (size.some((octet) => octet > 0x7f)) return at;
  const length = size.reduce((sum, octet) => (sum << 7) | octet, 0);
  const footer = (bytes[at + 5]! & 0x10) === 0 ? 0 : 10;
  const end = at + 10 + length + footer;
  // A tag that says it is longer than the file is wrong about its length.
  return end <= bytes.length ? end : at + 10;
}

const startsWith = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
