import { audioMedia, type CodecName, type Formats, refusedMedia } from './audio.ts';
import { parseDescription } from './description.ts';
import type { Direction } from './direction.ts';
import { type LocalSession, writeSession } from './session.ts';

const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9, opus: 111 };
/** Dynamic, and what nearly everybody else uses. */
const TELEPHONE_EVENT = { payloadType: 101 };
/** For who takes Opus. */
const FAST_TELEPHONE_EVENT = { payloadType: 110, clockRate: 48_000 } as const;

/** Offers one stream of sound. In a dialog with `previous`, other streams keep their place and stay refused. */
export function createOffer(
  parts: LocalSession & {
    /** In the order of preference. */
    codecs: readonly CodecName[];
    telephoneEvent: boolean;
    direction: Direction;
    /** Encrypts the sound: our key, 30 octets in base64. */
    srtpKey?: string | undefined;
  },
): string {
  const formats: Formats = {
    codecs: parts.codecs.map((name) => ({ name, payloadType: PAYLOAD_TYPES[name] })),
    telephoneEvents: parts.telephoneEvent ? eventsFor(parts.codecs) : [],
  };
  const { port, direction, srtpKey } = parts;
  const crypto = srtpKey === undefined ? undefined : { tag: '1', key: srtpKey };
  const audio = audioMedia({ port, formats, direction, rtcpMux: true, crypto });
  const before = parts.previous === undefined ? [] : parseDescription(parts.previous).media;
  const at = before.findIndex((media) => media.type === 'audio' && media.port !== 0);
  if (at < 0) return writeSession(parts, [...before.map(refusedMedia), audio]);
  return writeSession(
    parts,
    before.map((media, index) => (index === at ? audio : refusedMedia(media))),
  );
}

function eventsFor(codecs: readonly CodecName[]): Formats['telephoneEvents'] {
  return codecs.includes('opus') ? [TELEPHONE_EVENT, FAST_TELEPHONE_EVENT] : [TELEPHONE_EVENT];
}
