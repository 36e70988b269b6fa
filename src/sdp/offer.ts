import { audioMedia, type CodecName, ENCODINGS, type Formats, refusedMedia } from './audio.ts';
import { parseDescription } from './description.ts';
import type { Direction } from './direction.ts';
import { eventEncoding, PayloadTypes } from './payload-types.ts';
import { type LocalSession, writeSession } from './session.ts';

/** The payload types that most devices use. */
const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9, opus: 111 };
const TELEPHONE_EVENT = 101;
/** For peers that take Opus. */
const FAST_TELEPHONE_EVENT = 110;

/** Offers one stream of sound. In a dialog with `previous`, other streams keep their place and stay refused. */
export function createOffer(
  parts: LocalSession & {
    /** In the order of preference. */
    codecs: readonly CodecName[];
    telephoneEvent: boolean;
    direction: Direction;
    /** Encrypts the sound: our key, 30 octets in base64. */
    srtpKey?: string | undefined;
    /** 4 offers the suite with a tag of 32 bits, where the far end has taken that before. */
    tagBytes?: 4 | undefined;
    /** What the dialog has used before: no payload type gets another meaning. Learns from the offer. */
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
  const slow = payloadTypes.find(eventEncoding(8000), TELEPHONE_EVENT);
  const fast = codecs.includes('opus')
    ? payloadTypes.find(eventEncoding(48_000), FAST_TELEPHONE_EVENT)
    : undefined;
  return [
    ...(slow === undefined ? [] : [{ payloadType: slow }]),
    ...(fast === undefined ? [] : [{ payloadType: fast, clockRate: 48_000 as const }]),
  ];
}
