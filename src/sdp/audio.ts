import { isIP } from 'node:net';
import { Failure } from '../kit/index.ts';
import type { Attribute, Description, Media } from './description.ts';
import { type Direction, isHold } from './direction.ts';

export type CodecName = 'PCMU' | 'PCMA';

/** What offer and answer agreed on, as far as sound is concerned; the media room's shape. */
export interface AudioAgreement {
  remote: { address: string; port: number };
  /** The payload type is the one that the far end wants to get. */
  codec: { name: CodecName; payloadType: number };
  telephoneEvent: { payloadType: number } | null;
  direction: Direction;
  rtcpMux: boolean;
}

/** What the formats of one `m=` line stand for. */
export interface Formats {
  /** In the order of preference. */
  codecs: AudioAgreement['codec'][];
  telephoneEvent: AudioAgreement['telephoneEvent'];
}

// RFC 3551 §6: the static types that need no rtpmap.
const STATIC: Record<string, string> = { '0': 'PCMU/8000', '8': 'PCMA/8000' };

/** The formats that are understood here. */
export function formatsOf(media: Media): Formats {
  const formats: Formats = { codecs: [], telephoneEvent: null };
  const encodings = rtpmaps(media);
  for (const format of media.formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : 128;
    if (payloadType > 127) continue;
    const encoding = (encodings.get(format) ?? STATIC[format])?.toUpperCase().replace(/\/1$/, '');
    if (encoding === 'PCMU/8000') formats.codecs.push({ name: 'PCMU', payloadType });
    else if (encoding === 'PCMA/8000') formats.codecs.push({ name: 'PCMA', payloadType });
    else if (encoding === 'TELEPHONE-EVENT/8000') formats.telephoneEvent ??= { payloadType };
  }
  return formats;
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

/** Is this a stream of plain RTP sound that is in use? SAVP would promise encryption, AVPF feedback. */
export function isPlainAudio(media: Media): boolean {
  return media.type === 'audio' && media.port !== 0 && media.protocol === 'RTP/AVP';
}

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
}): Media {
  const { port, formats, direction, rtcpMux } = parts;
  const attributes: Attribute[] = formats.codecs.map((codec) => {
    return ['rtpmap', `${codec.payloadType} ${codec.name}/8000`];
  });
  const types = formats.codecs.map((codec) => String(codec.payloadType));
  if (formats.telephoneEvent) {
    const { payloadType } = formats.telephoneEvent;
    types.push(String(payloadType));
    // RFC 4733 §3.2: 0–9, *, #, A–D
    attributes.push(['rtpmap', `${payloadType} telephone-event/8000`], ['fmtp', `${payloadType} 0-15`]);
  }
  attributes.push(['ptime', '20'], [direction]);
  if (rtcpMux) attributes.push(['rtcp-mux']);
  return { type: 'audio', port, protocol: 'RTP/AVP', formats: types, address: undefined, attributes };
}

/** The line that refuses a stream, at its place (RFC 3264 §6). */
export function refusedMedia({ type, protocol, formats }: Media): Media {
  return { type, port: 0, protocol, formats, address: undefined, attributes: [] };
}
