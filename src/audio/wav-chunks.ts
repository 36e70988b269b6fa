/** The chunks of a RIFF file, found even where their sizes are wrong. */

/** The head of a chunk. */
export interface Chunk {
  /** Four characters. */
  id: string;
  /** Offset of the content. */
  start: number;
  /** Octets of content, as the file states it. */
  size: number;
}

/** RF64 and BW64 are the forms of WAV files above 4 GiB; shorter files use them too. */
const FORMS = new Set(['RIFF', 'RF64', 'BW64']);

/** A file of sound does not have more chunks than this. */
const MAX_CHUNKS = 1_000;

/** A trailing chunk, like a title or a cover, is searched within this distance of the end, in octets. */
const MAX_TRAILER = 65_536;

const KNOWN = new Set(
  'fmt |data|LIST|fact|bext|cue |smpl|inst|ds64|JUNK|junk|PAD |FLLR|iXML|axml|id3 |ID3 |PEAK|plst|acid|cart|umid|DISP|afsp|_PMX'.split(
    '|',
  ),
);

/** Reports whether bytes begin like a WAV file. */
export const isWav = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 && FORMS.has(chunkId(bytes, 0)) && chunkId(bytes, 8) === 'WAVE';

/** Yields the chunks of a file that `isWav` accepts. */
export function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  let offset = 12;
  for (let count = 0; count < MAX_CHUNKS && offset + 8 <= bytes.length; count++) {
    const chunk = { id: chunkId(bytes, offset), start: offset + 8, size: view.getUint32(offset + 4, true) };
    yield chunk;
    offset = nextChunk(bytes, chunk);
  }
}

/** Octets of content that a `data` chunk really has. */
export function dataLengthAt(bytes: Uint8Array, start: number, size: number): number {
  const rest = bytes.length - start;
  if (size > 0 && size <= rest) return size;
  if (size === 0 && isKnown(bytes, start)) return 0;
  return rest - trailerOf(bytes, start);
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Chunks begin at even offsets, unless the writer omitted the padding or the size of a chunk is wrong. */
function nextChunk(bytes: Uint8Array, { id, start, size }: Chunk): number {
  const unpadded = start + size;
  const padded = unpadded + (size & 1);
  // Samples of unknown length end with the file.
  if (id === 'data' && (size === 0 || unpadded > bytes.length)) return size === 0 ? start : bytes.length;
  if (isKnown(bytes, padded)) return padded;
  if (isKnown(bytes, unpadded)) return unpadded;
  if (isChunk(bytes, padded) || padded + 8 > bytes.length) {
    if (unpadded <= bytes.length) return padded;
  }
  return findChunk(bytes, start);
}

/** The next offset that begins like a format or like samples. */
function findChunk(bytes: Uint8Array, from: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places = ['fmt ', 'data'].map((id) => text.indexOf(id, from, 'latin1')).filter((at) => at >= 0);
  return Math.min(bytes.length, ...places);
}

/** Octets of the chunks that follow samples of unknown length. They must be known and end exactly with the file. */
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

const isKnown = (bytes: Uint8Array, at: number): boolean =>
  at + 8 <= bytes.length && KNOWN.has(chunkId(bytes, at));

/** Reports whether this may be the head of a chunk with an unknown id. */
function isChunk(bytes: Uint8Array, at: number): boolean {
  if (at + 8 > bytes.length || !/^[ -~]{4}$/.test(chunkId(bytes, at))) return false;
  return viewOf(bytes).getUint32(at + 4, true) <= bytes.length - at - 8;
}

const chunkId = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
