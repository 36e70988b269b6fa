import type { Media } from './description.ts';

/** The static payload types, which need no rtpmap (RFC 3551 §6). */
const STATIC = new Map([
  [0, 'PCMU/8000'],
  [8, 'PCMA/8000'],
  [9, 'G722/8000'],
]);

/** Variant spellings of the supported encodings. */
const ALIASES = new Map([
  ['PCMU', 'PCMU/8000'],
  ['PCMA', 'PCMA/8000'],
  ['G722', 'G722/8000'],
  ['G722/16000', 'G722/8000'],
  ['OPUS', 'OPUS/48000/2'],
  ['OPUS/48000', 'OPUS/48000/2'],
  ['TELEPHONE-EVENT', 'TELEPHONE-EVENT/8000'],
]);

/** A malformed encoding, whose payload type is used but unsupported. */
const UNREADABLE = '';

/** The encoding of RFC 4733 events with a clock rate in Hz. */
export const eventEncoding = (clockRate: 8000 | 16_000 | 48_000): string => `TELEPHONE-EVENT/${clockRate}`;

/** The payload type of a format; −1 if it is not one. */
export function payloadTypeOf(format: string): number {
  return /^\d{1,3}$/.test(format) && Number(format) < 128 ? Number(format) : -1;
}

/** The encoding of each payload type of a stream: normalized name, clock rate and channels, upper case. */
export function encodingsOf(media: Media): ReadonlyMap<number, string> {
  media.encodings ??= readEncodings(media);
  return media.encodings;
}

function readEncodings(media: Media): Map<number, string> {
  const encodings = new Map<number, string>();
  for (const [name, value = ''] of media.attributes) {
    if (name !== 'rtpmap') continue;
    const [, format = '', encoding = ''] = /^(\d+)\s*(.*)$/.exec(value) ?? [];
    const payloadType = payloadTypeOf(format);
    if (payloadType >= 0 && !encodings.get(payloadType)) encodings.set(payloadType, readEncoding(encoding));
  }
  for (const payloadType of media.formats.map(payloadTypeOf)) {
    const known = encodings.get(payloadType) || STATIC.get(payloadType);
    if (known !== undefined) encodings.set(payloadType, known);
  }
  return encodings;
}

function readEncoding(text: string): string {
  const match = /^([^\s/]+)(?:\s*\/\s*(\d+))?(?:\s*\/\s*(\d+))?\s*$/.exec(text);
  if (!match) return UNREADABLE;
  const [, name = '', rate, channels] = match;
  const parts = [name.toUpperCase(), rate, channels === '1' ? undefined : channels];
  const encoding = parts.filter((part) => part !== undefined).join('/');
  return ALIASES.get(encoding) ?? (rate === undefined ? UNREADABLE : encoding);
}

/** The first malformed rtpmap line of the stream's formats. */
export function unreadableRtpmap(media: Media): string | undefined {
  const encodings = encodingsOf(media);
  const broken = media.attributes.find(([name, value = '']) => {
    const format = /^\d*/.exec(value)![0];
    const mayBeUsed = format === '' || media.formats.includes(format);
    return name === 'rtpmap' && mayBeUsed && !encodings.get(payloadTypeOf(format));
  });
  return broken && `a=rtpmap:${broken[1] ?? ''}`;
}

/**
 * The payload types of one dialog, assigned by either side. Each keeps its meaning for the whole session
 * (RFC 3264 §8.3.2).
 */
export class PayloadTypes {
  #encodings = new Map<number, string>();

  /** Adds the payload types of an offer or answer. */
  learn(media: Media): void {
    for (const [payloadType, encoding] of encodingsOf(media)) this.#encodings.set(payloadType, encoding);
  }

  /** Adds the rtpmap lines that a peer omits because an earlier description of the dialog has them. */
  complete(media: Media): void {
    const encodings = encodingsOf(media);
    for (const payloadType of media.formats.map(payloadTypeOf)) {
      const known = encodings.get(payloadType) ? undefined : this.#encodings.get(payloadType);
      if (!known) continue;
      media.attributes.push(['rtpmap', `${payloadType} ${known}`]);
      media.encodings = undefined;
    }
  }

  /**
   * The payload type of an encoding: the one already assigned, else the usual one, else a free one.
   * @returns undefined if none is free.
   */
  find(encoding: string, usual: number): number | undefined {
    const wanted = encoding.toUpperCase();
    if (this.#encodings.get(usual) === wanted) return usual;
    for (const [payloadType, known] of this.#encodings) if (known === wanted) return payloadType;
    // RFC 3551 §6: dynamic payload types.
    for (let payloadType = usual, next = 96; payloadType < 128; payloadType = next++) {
      if (this.#encodings.has(payloadType)) continue;
      this.#encodings.set(payloadType, wanted);
      return payloadType;
    }
    return undefined;
  }
}
