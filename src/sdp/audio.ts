import { isIP } from 'node:net';
import { type Crypto, cryptoLine } from './crypto.ts';
import type { Attribute, Media } from './description.ts';
import { type Direction, isHold } from './direction.ts';
import { encodingsOf, eventEncoding, payloadTypeOf } from './payload-types.ts';

export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'opus';

/** A telephone-event format (RFC 4733). */
export interface TelephoneEvent {
  payloadType: number;
  clockRate?: 16_000 | 48_000;
}

/** The result of offer and answer for audio; `media` uses the same shape. */
export interface AudioAgreement {
  remote: { address: string; port: number };
  /** The codec that we send, with the payload type that the far end expects. */
  codec: { name: CodecName; payloadType: number };
  /** The events that we send; their clock rate is 8 kHz by default. */
  telephoneEvent: TelephoneEvent | null;
  /** All formats that the far end may send. */
  receives: Formats;
  direction: Direction;
  rtcpMux: boolean;
  /** Master keys of each direction, 30 octets in base64, if the audio is encrypted (RFC 4568). */
  srtp?: {
    send: string;
    receive: string;
    /** Length of the RTP authentication tag in octets: 10, or 4 with AES_CM_128_HMAC_SHA1_32. */
    tagBytes?: 4;
    /** Length of the master key identifier in received packets, in octets; default 0. */
    mkiBytes?: number;
  };
}

/** The supported formats of an `m=` line. */
export interface Formats {
  /** In order of preference. */
  codecs: AudioAgreement['codec'][];
  telephoneEvents: TelephoneEvent[];
}

// RFC 3551 §4.5.2: the RTP clock of G.722 is 8 kHz. RFC 7587 §4.1: Opus is always declared as stereo.
export const ENCODINGS: Record<CodecName, string> = {
  PCMU: 'PCMU/8000',
  PCMA: 'PCMA/8000',
  G722: 'G722/8000',
  opus: 'opus/48000/2',
};
const NAMES = new Map(
  Object.entries(ENCODINGS).map(([name, encoding]) => [encoding.toUpperCase(), name as CodecName]),
);

/** The supported formats of a stream, each payload type once. */
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
 * Selects the telephone-event of a codec. Its clock rate is that of the codec (RFC 4733 §2.1); some peers use 8 kHz
 * for every codec, and some 16 kHz for G.722.
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

/** The transport of a stream: `unknown` counts as plain RTP if no other stream is usable. */
export function transportOf({ protocol }: Media): 'plain' | 'secure' | 'unknown' | 'unsupported' {
  if (/^RTP\/AVPF?$/i.test(protocol)) return 'plain';
  if (/^RTP\/SAVPF?$/i.test(protocol)) return 'secure';
  // Encryption other than RFC 4568, or not over UDP.
  return /SAVP|TLS|TCP|SCTP|MSRP|UDPTL/i.test(protocol) ? 'unsupported' : 'unknown';
}

export const isSecure = (media: Media): boolean => transportOf(media) === 'secure';

/** The address at which the sender of a description receives this stream; port 0 for a hold by address. */
export function remoteOf({ address = '', port }: Media): AudioAgreement['remote'] {
  // Some devices append a multicast suffix to a unicast address.
  return isHold(address) ? { address, port: 0 } : { address: unicastOf(address) ?? address, port };
}

/** The address without its suffix after a slash; undefined for multicast addresses and names. */
export function unicastOf(address: string): string | undefined {
  const literal = address.split('/', 1)[0]!;
  const isMulticast = /^(22[4-9]|23\d)\.|^ff/i.test(literal);
  return isIP(literal) === 0 || isMulticast ? undefined : literal;
}

export function hasRtcpMux(media: Media): boolean {
  return media.attributes.some(([name]) => name === 'rtcp-mux');
}

/** Creates our audio stream. */
export function audioMedia(parts: {
  port: number;
  formats: Formats;
  direction: Direction;
  rtcpMux: boolean;
  /** Our key, if the audio is encrypted. */
  crypto?: Omit<Crypto, 'mkiBytes'> | undefined;
  /** Protocol of the offer; default RTP/AVP or RTP/SAVP. */
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
  // RFC 7587 §6.1: our audio has 8,000 samples per second, so the peer need not send more.
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

/** Creates the `m=` line that refuses a stream (RFC 3264 §6). */
export function refusedMedia({ type, protocol, formats }: Media): Media {
  // RFC 8866 §9: an `m=` line has at least one format.
  const some = formats.length > 0 ? formats : [/RTP/i.test(protocol) ? '0' : '*'];
  return { type, port: 0, protocol, formats: some, address: undefined, attributes: [] };
}
