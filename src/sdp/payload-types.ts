import type { Media } from './description.ts';

/** RFC 3551 §6: the static types that need no rtpmap. */
const STATIC = new Map([
  [0, 'PCMU/8000'],
  [8, 'PCMA/8000'],
  [9, 'G722/8000'],
]);

/** Other ways to write the encodings that are supported. */
const ALIASES = new Map([
  ['PCMU', 'PCMU/8000'],
  ['PCMA', 'PCMA/8000'],
  ['G722', 'G722/8000'],
  ['G722/16000', 'G722/8000'],
  ['OPUS', 'OPUS/48000/2'],
  ['OPUS/48000', 'OPUS/48000/2'],
  ['TELEPHONE-EVENT', 'TELEPHONE-EVENT/8000'],
]);

/** What cannot be read: it takes up a payload type and stands for nothing. */
const UNREADABLE = '';

/** The name of RFC 4733 events on a clock of so many steps a second. */
export const eventEncoding = (clockRate: 8000 | 16_000 | 48_000): string => `TELEPHONE-EVENT/${clockRate}`;

/** The payload type that a format names; −1 when it is none. */
export function payloadTypeOf(format: string): number {
  return /^\d{1,3}$/.test(format) && Number(format) < 128 ? Number(format) : -1;
}

/** What each payload type of a stream stands for: name, clock and channels, in upper case, written in one way. */
export function encodingsOf(media: Media): Map<number, string> {
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

/** The rtpmap line of one of the formats, where that cannot be read. */
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
 * What the payload types of one dialog stand for, whichever side said it: RFC 3264 §8.3.2 wants each to keep its meaning
 * as long as the session lasts.
 */
export class PayloadTypes {
  #encodings = new Map<number, string>();

  /** Takes note of what a description has agreed on, or has offered. */
  learn(media: Media): void {
    for (const [payloadType, encoding] of encodingsOf(media)) this.#encodings.set(payloadType, encoding);
  }

  /** Some say only once what a payload type stands for: later descriptions, and answers to our offer, leave it out. */
  complete(media: Media): void {
    const encodings = encodingsOf(media);
    for (const payloadType of media.formats.map(payloadTypeOf)) {
      const known = encodings.get(payloadType) ? undefined : this.#encodings.get(payloadType);
      if (known) media.attributes.push(['rtpmap', `${payloadType} ${known}`]);
    }
  }

  /**
   * The payload type for an encoding: one that already stands for it, or the usual one, or any that is free.
   * @returns undefined when there is none left.
   */
  find(encoding: string, usual: number): number | undefined {
    const wanted = encoding.toUpperCase();
    if (this.#encodings.get(usual) === wanted) return usual;
    for (const [payloadType, known] of this.#encodings) if (known === wanted) return payloadType;
    // RFC 3551 §6: the dynamic ones.
    for (let payloadType = usual, next = 96; payloadType < 128; payloadType = next++) {
      if (this.#encodings.has(payloadType)) continue;
      this.#encodings.set(payloadType, wanted);
      return payloadType;
    }
    return undefined;
  }
}
