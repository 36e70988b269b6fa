import { isIP } from 'node:net';
import { type Crypto, cryptoLine } from './crypto.ts';
import type { Attribute, Media } from './description.ts';
import { type Direction, isHold } from './direction.ts';
import { encodingsOf, eventEncoding, payloadTypeOf } from './payload-types.ts';

export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

export interface TelephoneEvent {
  payloadType: number;
  clockRate?: 16_000 | 48_000;
}

/** What offer and answer agreed on, as far as sound is concerned; the media room's shape. */
export interface AudioAgreement {
  remote: { address: string; port: number };
  /** The payload type is the one that the far end wants to get. */
  codec: { name: CodecName; payloadType: number };
  /** Events count on a clock of 8 kHz unless said otherwise. */
  telephoneEvent: TelephoneEvent | null;
  /** Everything that the far end may send, by its payload types. */
  receives: Formats;
  direction: Direction;
  rtcpMux: boolean;
  /** The master keys of each direction, 30 octets in base64, where the sound is encrypted (RFC 4568). */
  srtp?: {
    send: string;
    receive: string;
    /** Octets of the tag of each RTP packet: 10 unless AES_CM_128_HMAC_SHA1_32 was agreed on. */
    tagBytes?: 4;
    /** Octets of the key identifier in each packet that is received; 0 unless the far end said so. */
    mkiBytes?: number;
  };
}

/** What the formats of one `m=` line stand for. */
export interface Formats {
  /** In the order of preference. */
  codecs: AudioAgreement['codec'][];
  telephoneEvents: TelephoneEvent[];
}

// RFC 3551 §4.5.2: the clock of G.722 is 8 kHz in RTP. RFC 7587 §4.1: Opus is always written as stereo.
export const ENCODINGS: Record<CodecName, string> = {
  PCMU: 'PCMU/8000',
  PCMA: 'PCMA/8000',
  G722: 'G722/8000',
  opus: 'opus/48000/2',
};
const NAMES = new Map(
  Object.entries(ENCODINGS).map(([name, encoding]) => [encoding.toUpperCase(), name as CodecName]),
);

/** The formats that are understood here, each payload type once. */
export function formatsOf(media: Media): Formats {
  const formats: Formats = { codecs: [], telephoneEvents: [] };
  const encodings = encodingsOf(media);
  for (const payloadType of new Set(media.formats.map(payloadTypeOf))) {
    const encoding = encodings.get(payloadType);
    const name = NAMES.get(encoding ?? '');
    if (name) formats.codecs.push({ name, payloadType });
    else if (encoding === eventEncoding(8000)) formats.telephoneEvents.push({ payloadType });
    for (const clockRate of [16_000, 48_000] as const)
      if (encoding === eventEncoding(clockRate)) formats.telephoneEvents.push({ payloadType, clockRate });
  }
  return formats;
}

/**
 * RFC 4733 §2.1: events have the clock of the sound that they stand for; some say 8 kHz whatever that is, and some 16 kHz
 * for G.722.
 */
export function eventFor(
  codec: AudioAgreement['codec'],
  { telephoneEvents }: Formats,
): TelephoneEvent | null {
  const at = (clockRate: TelephoneEvent['clockRate']) =>
    telephoneEvents.find((event) => event.clockRate === clockRate);
  if (codec.name === 'opus') return at(48_000) ?? at(undefined) ?? null;
  return at(undefined) ?? (codec.name === 'G722' ? at(16_000) : undefined) ?? null;
}

/** How a stream is carried: `unknown` may be anything, and is taken for plain RTP where nothing else fits. */
export function transportOf({ protocol }: Media): 'plain' | 'secure' | 'unknown' | 'unsupported' {
  if (/^RTP\/AVPF?$/i.test(protocol)) return 'plain';
  if (/^RTP\/SAVPF?$/i.test(protocol)) return 'secure';
  // What is encrypted by other means than RFC 4568, or does not go over UDP.
  return /SAVP|TLS|TCP|SCTP|MSRP|UDPTL/i.test(protocol) ? 'unsupported' : 'unknown';
}

export const isSecure = (media: Media): boolean => transportOf(media) === 'secure';

/** Where the writer of a description wants to get this stream; port 0 when it holds the call by its address. */
export function remoteOf({ address = '', port }: Media): AudioAgreement['remote'] {
  // Some devices add a length to a unicast address, as multicast has it.
  return isHold(address) ? { address, port: 0 } : { address: unicastOf(address) ?? address, port };
}

/** The address without what follows a slash; undefined when it is multicast, or a name. */
export function unicastOf(address: string): string | undefined {
  const literal = address.split('/', 1)[0]!;
  const isMulticast = /^(22[4-9]|23\d)\.|^ff/i.test(literal);
  return isIP(literal) === 0 || isMulticast ? undefined : literal;
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
  crypto?: Omit<Crypto, 'mkiBytes'> | undefined;
  /** Of the offer; RTP/AVP or RTP/SAVP when left out. */
  protocol?: string | undefined;
}): Media {
  const { port, formats, direction, rtcpMux, crypto } = parts;
  const { codecs, telephoneEvents } = formats;
  const attributes = [...codecs.flatMap(codecLines), ...telephoneEvents.flatMap(eventLines)];
  const types = [...codecs, ...telephoneEvents].map(({ payloadType }) => String(payloadType));
  attributes.push(['ptime', '20'], [direction]);
  if (rtcpMux) attributes.push(['rtcp-mux']);
  if (crypto) attributes.push(cryptoLine(crypto));
  const protocol = parts.protocol ?? (crypto ? 'RTP/SAVP' : 'RTP/AVP');
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
    ['rtpmap', `${payloadType} ${eventEncoding(clockRate ?? 8000).toLowerCase()}`],
    // RFC 4733 §3.2: 0–9, *, #, A–D
    ['fmtp', `${payloadType} 0-15`],
  ];
}

/** The line that refuses a stream, at its place (RFC 3264 §6). */
export function refusedMedia({ type, protocol, formats }: Media): Media {
  // RFC 8866 §9: there is at least one format.
  const some = formats.length > 0 ? formats : [/RTP/i.test(protocol) ? '0' : '*'];
  return { type, port: 0, protocol, formats: some, address: undefined, attributes: [] };
}
