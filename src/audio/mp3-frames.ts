/** Consecutive frames of one kind in an MP3 file, without what stands between them. */
export interface Mp3Segment {
  /** Samples per second of all frames of the segment. */
  sampleRate: number;
  channels: 1 | 2;
  /** Samples per channel in all frames of the segment. */
  samples: number;
  /** The frames: pieces of the file, in order. */
  pieces: Uint8Array[];
}

interface Frame {
  length: number;
  sampleRate: number;
  channels: 1 | 2;
  samples: number;
}

/** Bit rates of layer III in kbit/s, by MPEG version and index. 0 is the free format, which no encoder uses. */
const BITRATES = {
  1: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const SAMPLE_RATES = [44_100, 48_000, 32_000];
/** By the two version bits: the divisor of the sample rate, and the table of bit rates. */
const VERSIONS: Record<number, { divisor: number; family: 1 | 2 }> = {
  3: { divisor: 1, family: 1 },
  2: { divisor: 2, family: 2 },
  0: { divisor: 4, family: 2 },
};
/** This many consecutive frames are no coincidence. A shorter file must end with the last of them. */
const SURE = 3;
/** A file of sound does not change its format more often than this. */
const MAX_SEGMENTS = 64;
/** Length of an ID3v1 tag, which may follow the last frame. */
const ID3V1_BYTES = 128;

/**
 * Finds the frames of an MP3 file (MPEG audio layer III) between tags, zeros and garbage. A new segment begins where the
 * sample rate or the number of channels changes.
 * @returns an empty list for another kind of file; undefined when the format changes more than 64 times.
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

/** Adds consecutive frames to a segment. @returns the end of the last one. */
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

/** Reports whether `SURE` frames of one kind follow each other here, or fewer at the end of the file. */
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

/** Reports whether the last frame ends here; a frame that the end of the file cuts off counts too. */
const isEnd = (bytes: Uint8Array, at: number): boolean =>
  at >= bytes.length - 3 || (at === bytes.length - ID3V1_BYTES && startsWith(bytes, at, 'TAG'));

/** Reads the header of a frame: sync, version, layer III, bit rate, sample rate (ISO 11172-3 §2.4.1.3). */
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

/** The next offset where a frame or a tag may begin. */
function nextSync(bytes: Uint8Array, skipped: number, at: number): number {
  if (skipped > at) return skipped;
  for (let place = at + 1; place < bytes.length; place++) {
    const octet = bytes[place];
    if (octet === 0xff && (bytes[place + 1] ?? 0) >= 0xe0) return place;
    if (octet === 0x49 && startsWith(bytes, place, 'ID3')) return place;
  }
  return bytes.length;
}

/** Skips an ID3v2 tag. Its header of ten octets has the size in four times seven bits; a flag announces a footer. */
function skipTag(bytes: Uint8Array, at: number): number {
  if (!startsWith(bytes, at, 'ID3') || at + 10 > bytes.length) return at;
  const size = [6, 7, 8, 9].map((place) => bytes[at + place]!);
  if (size.some((octet) => octet > 0x7f)) return at;
  const length = size.reduce((sum, octet) => (sum << 7) | octet, 0);
  const footer = (bytes[at + 5]! & 0x10) === 0 ? 0 : 10;
  const end = at + 10 + length + footer;
  // The size of a tag that exceeds the file is wrong.
  return end <= bytes.length ? end : at + 10;
}

const startsWith = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
