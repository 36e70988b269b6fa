import { audioMedia, type CodecName, ENCODINGS, type Formats, refusedMedia } from './audio.ts';
import { type LocalSession, parseDescription, writeSession } from './description.ts';
import type { Direction } from './direction.ts';
import { eventEncoding, PayloadTypes } from './payload-types.ts';

/** The payload types that most devices use. */
const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9, opus: 111 };
const TELEPHONE_EVENT = 101;
/** Events with the clock rate of Opus. */
const OPUS_TELEPHONE_EVENT = 110;

/** Creates an offer of one audio stream. With `previous`, other streams keep their position and stay refused. */
export function createOffer(
  parts: LocalSession & {
    /** In order of preference. */
    codecs: readonly CodecName[];
    telephoneEvent: boolean;
    direction: Direction;
    /** Our SRTP key, 30 octets in base64; undefined: unencrypted audio. */
    srtpKey?: string | undefined;
    /** 4 offers the suite with a 32-bit tag, if the far end has accepted that before. */
    tagBytes?: 4 | undefined;
    /** The payload types of the dialog, which keep their meaning; extended by the offer. */
    payloadTypes?: PayloadTypes;
  },
): string {
  const { port, direction, srtpKey, payloadTypes = new PayloadTypes() } = parts;
  const formats: Formats = {
    codecs: parts.codecs.flatMap((name) => {
      const payloadType = payloadTypes.find(ENCODINGS[name], PAYLOAD_TYPES[name]);
      return payloadType === undefined ? [] : { name, payloadType };
    }),
    telephoneEvents: parts.telephoneEvent ? eventsFor(parts.codecs, payloadTypes) : [],
  };
  const suite = parts.tagBytes === 4 ? 'AES_CM_128_HMAC_SHA1_32' : 'AES_CM_128_HMAC_SHA1_80';
  const crypto = srtpKey === undefined ? undefined : ({ tag: '1', suite, key: srtpKey } as const);
  const audio = audioMedia({ port, formats, direction, rtcpMux: true, crypto });
  const before = parts.previous === undefined ? [] : parseDescription(parts.previous).media;
  const at = before.findIndex((media) => media.type === 'audio' && media.port !== 0);
  if (at < 0) return writeSession(parts, [...before.map(refusedMedia), audio]);
  return writeSession(
    parts,
    before.map((media, index) => (index === at ? audio : refusedMedia(media))),
  );
}

function eventsFor(codecs: readonly CodecName[], payloadTypes: PayloadTypes): Formats['telephoneEvents'] {
  const narrow = payloadTypes.find(eventEncoding(8000), TELEPHONE_EVENT);
  const opus = codecs.includes('opus')
    ? payloadTypes.find(eventEncoding(48_000), OPUS_TELEPHONE_EVENT)
    : undefined;
  return [
    ...(narrow === undefined ? [] : [{ payloadType: narrow }]),
    ...(opus === undefined ? [] : [{ payloadType: opus, clockRate: 48_000 as const }]),
  ];
}
