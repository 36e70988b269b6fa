import { isIP } from 'node:net';
import { Failure } from '../kit/index.ts';
import { type Crypto, cryptoLine, cryptoOf } from './crypto.ts';
import type { Attribute, Description, Media } from './description.ts';
import { type Direction, isHold } from './direction.ts';

export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

export interface TelephoneEvent {
  payloadType: number;
  clockRate?: 48_000;
}

/** What offer and answer agreed on, as far as sound is concerned; the media room's shape. */
export interface AudioAgreement {
  remote: { address: string; port: number };
  /** The payload type is the one that the far end wants to get. */
  codec: { name: CodecName; payloadType: number };
  /** Events count on a clock of 8 kHz unless said otherwise. */
  telephoneEvent: TelephoneEvent | null;
  direction: Direction;
  rtcpMux: boolean;
  /** The master keys of each direction, 30 octets in base64, where the sound is encrypted (RFC 4568). */
  srtp?: { send: string; receive: string };
}

/** What the formats of one `m=` line stand for. */
export interface Formats {
  /** In the order of preference. */
  codecs: AudioAgreement['codec'][];
  telephoneEvents: TelephoneEvent[];
}

// RFC 3551 §6: the static types that need no rtpmap.
const STATIC: Record<string, string> = { '0': 'PCMU/8000', '8': 'PCMA/8000', '9': 'G722/8000' };

// RFC 3551 §4.5.2 has the clock of G.722 wrong for ever; RFC 7587 §4.1: Opus is said to be stereo, whatever it is.
const ENCODINGS: Record<CodecName, string> = {
  PCMU: 'PCMU/8000',
  PCMA: 'PCMA/8000',
  G722: 'G722/8000',
  opus: 'opus/48000/2',
};
const NAMES = new Map(
  Object.entries(ENCODINGS).map(([name, encoding]) => [encoding.toUpperCase(), name as CodecName]),
);

/** The formats that are understood here. */
export function formatsOf(media: Media): Formats {
  const formats: Formats = { codecs: [], telephoneEvents: [] };
  const encodings = rtpmaps(media);
  for (const format of media.formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : 128;
    if (payloadType > 127) continue;
    const encoding = (encodings.get(format) ?? STATIC[format] ?? '').toUpperCase().replace(/\/1$/, '');
    const name = NAMES.get(encoding);
    if (name) formats.codecs.push({ name, payloadType });
    else if (encoding === 'TELEPHONE-EVENT/8000') formats.telephoneEvents.push({ payloadType });
    else if (encoding === 'TELEPHONE-EVENT/48000')
      formats.telephoneEvents.push({ payloadType, clockRate: 48_000 });
  }
  return formats;
}

/** RFC 4733 §2.1: events have the clock of the sound that they stand for; some say 8 kHz whatever that is. */
export function eventFor(
  codec: AudioAgreement['codec'],
  { telephoneEvents }: Formats,
): TelephoneEvent | null {
  const clockRate = codec.name === 'opus' ? 48_000 : undefined;
  const plain = telephoneEvents.find((event) => event.clockRate === undefined);
  return telephoneEvents.find((event) => event.clockRate === clockRate) ?? plain ?? null;
}

function rtpmaps(media: Media): Map<string, string> {
  const encodings = new Map<string, string>();
  for (const [name, value = ''] of media.attributes) {
    if (name !== 'rtpmap') continue;
    const match = /^(\d+)\s+(\S+)\s*$/.exec(value);
    if (!match) throw new Failure('invalid_sdp', `The line a=rtpmap:${value} is malformed`);
    encodings.set(match[1]!, match[2]!);
  }
  return encodings;
}

/**
 * Is this a stream of sound that is in use and that is spoken here: plain, or encrypted with a key that we
 * understand? AVPF would promise feedback.
 */
export function isSpoken(media: Media): boolean {
  if (media.type !== 'audio' || media.port === 0) return false;
  return media.protocol === PLAIN || (isSecure(media) && cryptoOf(media) !== undefined);
}

export const isSecure = ({ protocol }: Media): boolean => protocol === SECURE;

const PLAIN = 'RTP/AVP';
const SECURE = 'RTP/SAVP';

/** Where the writer of a description wants to get this stream; port 0 when it holds the old way. */
export function remoteOf(description: Description, media: Media): AudioAgreement['remote'] {
  const address = media.address ?? description.address;
  if (address === undefined) throw new Failure('invalid_sdp', 'There is no c= line for the audio');
  if (isIP(address) === 0) {
    throw new Failure('not_acceptable', `${address} in the c= line is not a unicast address`);
  }
  return { address, port: isHold(address) ? 0 : media.port };
}

export function hasRtcpMux(media: Media): boolean {
  return media.attributes.some(([name]) => name === 'rtcp-mux');
}

/** Our own `m=` line for sound. */
export function audioMedia(parts: {
  port: number;
  formats: Formats;
  direction: Direction;
  rtcpMux: boolean;
  /** Encrypts it. */
  crypto?: Crypto | undefined;
}): Media {
  const { port, formats, direction, rtcpMux, crypto } = parts;
  const { codecs, telephoneEvents } = formats;
  const attributes = [...codecs.flatMap(codecLines), ...telephoneEvents.flatMap(eventLines)];
  const types = [...codecs, ...telephoneEvents].map(({ payloadType }) => String(payloadType));
  attributes.push(['ptime', '20'], [direction]);
  if (rtcpMux) attributes.push(['rtcp-mux']);
  if (crypto) attributes.push(cryptoLine(crypto));
  const protocol = crypto ? SECURE : PLAIN;
  return { type: 'audio', port, protocol, formats: types, address: undefined, attributes };
}

function codecLines({ name, payloadType }: AudioAgreement['codec']): Attribute[] {
  const lines: Attribute[] = [['rtpmap', `${payloadType} ${ENCODINGS[name]}`]];
  // RFC 7587 §6.1: we hear and say nothing above 4 kHz, so nobody need send it.
  if (name === 'opus') lines.push(['fmtp', `${payloadType} maxplaybackrate=8000;sprop-maxcapturerate=8000`]);
  return lines;
}

function eventLines({ payloadType, clockRate }: TelephoneEvent): Attribute[] {
  return [
    ['rtpmap', `${payloadType} telephone-event/${clockRate ?? 8000}`],
    // RFC 4733 §3.2: 0–9, *, #, A–D
    ['fmtp', `${payloadType} 0-15`],
  ];
}

/** The line that refuses a stream, at its place (RFC 3264 §6). */
export function refusedMedia({ type, protocol, formats }: Media): Media {
  return { type, port: 0, protocol, formats, address: undefined, attributes: [] };
}
