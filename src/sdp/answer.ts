import { Failure } from '../core/index.ts';
import {
  type AudioAgreement,
  audioMedia,
  type CodecName,
  eventFor,
  type Formats,
  formatsOf,
  hasRtcpMux,
  isSecure,
  refusedMedia,
  remoteOf,
  transportOf,
  unicastOf,
} from './audio.ts';
import { type Crypto, cryptosOf } from './crypto.ts';
import { excerpt, type LocalSession, type Media, parseDescription, writeSession } from './description.ts';
import { both, type Direction, directionOf, isHold, mirror } from './direction.ts';
import { PayloadTypes, unreadableRtpmap } from './payload-types.ts';

/** Most audio streams of an offer that are considered. */
const MAX_STREAMS = 16;

/** Our capabilities for an offered stream. */
interface Capabilities {
  codecs: readonly CodecName[];
  /** Our SRTP key, 30 octets in base64; undefined: encrypted audio is refused. */
  srtpKey?: string | undefined;
}

/**
 * Answers an offer with its first usable audio stream. Refuses all other streams, and encrypts if offered so.
 * Prefers G.711, which takes a hundredth of the coding time while all internal audio is narrowband; else the
 * offerer's preferred codec.
 * @throws Failure `not_acceptable` if no stream is usable (488), `invalid_sdp` for a malformed line that is needed or
 * a text that is not SDP (400). The message quotes the line.
 */
export function answerOffer(
  offer: string,
  local: LocalSession &
    Capabilities & {
      /** Accepts offered RFC 4733 events; default true. */
      telephoneEvent?: boolean;
      /** Our preferred direction; default `sendrecv`. */
      direction?: Direction;
      /** The payload types of the dialog; extended by the offer. */
      payloadTypes?: PayloadTypes;
    },
): { sdp: string; agreement: AudioAgreement } {
  const description = parseDescription(offer);
  const streams = description.media.filter((media) => media.type === 'audio').slice(0, MAX_STREAMS);
  for (const media of streams) local.payloadTypes?.complete(media);
  const audio = selectStream(streams, local);
  const codec = codecIn(audio, local.codecs)!;
  const formats = formatsOf(audio);
  const telephoneEvent = (local.telephoneEvent ?? true) ? eventFor(codec, formats) : null;
  const direction = both(mirror(directionOf(audio)), local.direction ?? 'sendrecv');
  const rtcpMux = hasRtcpMux(audio);
  const theirs = isSecure(audio) ? cryptosOf(audio)[0] : undefined;
  const crypto = theirs && { ...theirs, key: local.srtpKey! };
  const ours = audioMedia({
    ...{ port: local.port, direction, rtcpMux, crypto, protocol: audio.protocol },
    formats: { codecs: [codec], telephoneEvents: telephoneEvent ? [telephoneEvent] : [] },
  });
  local.payloadTypes?.learn(audio);
  return {
    sdp: writeSession(
      local,
      description.media.map((each) => (each === audio ? ours : refusedMedia(each))),
    ),
    agreement: {
      ...{ remote: remoteOf(audio), codec, telephoneEvent, direction, rtcpMux },
      receives: receivable(formats, telephoneEvent, local.codecs),
      ...(theirs && crypto && { srtp: keysOf(crypto, theirs) }),
    },
  };
}

/**
 * Evaluates the answer to our offer. Ignores streams that were not offered.
 * @param payloadTypes the payload types of the dialog; extended by the answer.
 * @throws Failure `not_acceptable` if the audio was refused or has no offered codec, `invalid_sdp` if it is not an
 * answer to this offer. The message quotes the line.
 */
export function acceptAnswer(
  offer: string,
  answer: string,
  payloadTypes: PayloadTypes = new PayloadTypes(),
): AudioAgreement {
  const offeredMedia = parseDescription(offer).media;
  const answeredMedia = parseDescription(answer).media;
  const at = offeredMedia.findIndex((media) => media.type === 'audio' && media.port !== 0);
  const ours = offeredMedia[at];
  // RFC 3264 §6: the streams have the order of the offer; some peers omit those that were refused before.
  const audio = answeredMedia.find((media) => media.type === 'audio');
  const theirs = answeredMedia[at]?.type === 'audio' ? answeredMedia[at] : audio;
  if (!ours || !theirs) throw new Failure('invalid_sdp', 'The answer has no m=audio line');
  payloadTypes.learn(ours);
  payloadTypes.complete(theirs);
  const offered = formatsOf(ours);
  const codecs = offered.codecs.map((codec) => codec.name);
  const ourCrypto = isSecure(ours) ? cryptosOf(ours)[0] : undefined;
  const fault = faultOf(theirs, { codecs, srtpKey: ourCrypto?.key });
  if (fault) throw fault;
  const theirCrypto = selectedCrypto(theirs, ourCrypto);
  const codec = codecIn(theirs, codecs)!;
  const answered = formatsOf(theirs);
  const telephoneEvent = offered.telephoneEvents.length > 0 ? eventFor(codec, answered) : null;
  payloadTypes.learn(theirs);
  return {
    ...{ remote: remoteOf(theirs), codec, telephoneEvent },
    receives: receivable(receivableFormats(offered, answered), telephoneEvent, codecs),
    direction: both(directionOf(ours), mirror(directionOf(theirs))),
    rtcpMux: hasRtcpMux(ours) && hasRtcpMux(theirs),
    ...(ourCrypto && theirCrypto && { srtp: keysOf(ourCrypto, theirCrypto) }),
  };
}

/**
 * The formats that we may receive after our offer. These are those of the offer (RFC 3264 §6.1), of the answer, whose
 * payload types some peers use, and offered static ones that some peers omit from their answer but send.
 */
function receivableFormats(offered: Formats, answered: Formats): Formats {
  const names = answered.codecs.map(({ name }) => name);
  return {
    codecs: [
      ...offered.codecs.filter(({ name }) => names.includes(name)),
      ...answered.codecs,
      ...offered.codecs.filter(({ payloadType }) => payloadType < 96),
    ],
    telephoneEvents: [...offered.telephoneEvents, ...answered.telephoneEvents],
  };
}

/** Keeps the first meaning of each payload type, and the codecs that are allowed. */
function receivable(formats: Formats, event: AudioAgreement['telephoneEvent'], names: readonly CodecName[]) {
  const taken = new Set<number>();
  const isFree = ({ payloadType }: { payloadType: number }) =>
    !taken.has(payloadType) && taken.add(payloadType) !== undefined;
  const events = event ? formats.telephoneEvents : [];
  return {
    codecs: formats.codecs.filter((codec) => names.includes(codec.name) && isFree(codec)),
    telephoneEvents: events.filter(isFree),
  };
}

/** Selects the first stream with a supported transport, else the first one with an unknown transport. */
function selectStream(audio: Media[], capabilities: Capabilities): Media {
  const usable = audio.filter((each) => !faultOf(each, capabilities));
  const selected = usable.find((each) => transportOf(each) !== 'unknown') ?? usable[0];
  if (selected) return selected;
  // Reports the fault of the first stream that is not disabled, which is the most helpful one.
  const enabled = audio.find((each) => each.port !== 0 || each.fault) ?? audio[0];
  throw (
    (enabled && faultOf(enabled, capabilities)) ?? new Failure('not_acceptable', 'There is no m=audio line')
  );
}

/** Why an audio stream is unusable; undefined if it is usable. */
function faultOf(media: Media, { codecs, srtpKey }: Capabilities): Failure | undefined {
  const { port, protocol, formats, address, fault } = media;
  const line = `m=audio ${port} ${protocol} ${excerpt(formats.join(' '))}`.trimEnd();
  if (fault !== undefined) return new Failure('invalid_sdp', fault);
  if (port === 0) return new Failure('not_acceptable', `The audio is refused (port 0) in the line ${line}`);
  const isPlain = ['plain', 'unknown'].includes(transportOf(media));
  if (!isPlain && !(isSecure(media) && srtpKey !== undefined && cryptosOf(media).length > 0))
    return new Failure(
      'not_acceptable',
      `${protocol} is not supported, or not with such keys: the line ${line}`,
    );
  if (!codecIn(media, codecs)) return noCodec(media, line, codecs);
  if (address === undefined) return new Failure('invalid_sdp', `There is no c= line for the line ${line}`);
  if (isHold(address) || unicastOf(address) !== undefined) return undefined;
  return new Failure('not_acceptable', `${excerpt(address)} in the c= line is not a unicast address`);
}

function noCodec(media: Media, line: string, codecs: readonly CodecName[]): Failure {
  if (media.formats.length === 0) return new Failure('invalid_sdp', `The line ${line} has no format`);
  const broken = unreadableRtpmap(media);
  if (broken !== undefined) return new Failure('invalid_sdp', `The line ${excerpt(broken)} is malformed`);
  return new Failure('not_acceptable', `None of the codecs is one of ${codecs.join(', ')}: the line ${line}`);
}

/** The crypto line of an answer, which must select that of our offer (RFC 4568 §5.1.3). */
function selectedCrypto(theirs: Media, ours: Crypto | undefined): Crypto | undefined {
  if (isSecure(theirs) !== (ours !== undefined))
    throw new Failure('not_acceptable', `The answer changes the profile to ${theirs.protocol}`);
  if (!ours) return undefined;
  const answered = cryptosOf(theirs);
  const match = answered.find(({ tag, suite }) => tag === ours.tag && suite === ours.suite);
  if (match) return match;
  throw new Failure('invalid_sdp', `The line a=crypto:${answered[0]?.tag} is for a key that was not offered`);
}

/** Each side sends with the key of its own description (RFC 4568 §5.1.3). */
function keysOf(ours: Crypto, theirs: Crypto): NonNullable<AudioAgreement['srtp']> {
  return {
    ...{ send: ours.key, receive: theirs.key },
    ...(theirs.suite === 'AES_CM_128_HMAC_SHA1_32' && { tagBytes: 4 as const }),
    ...(theirs.mkiBytes > 0 && { mkiBytes: theirs.mkiBytes }),
  };
}

function codecIn(media: Media, names: readonly CodecName[]): AudioAgreement['codec'] | undefined {
  const ours = formatsOf(media).codecs.filter((codec) => names.includes(codec.name));
  return ours.find(({ name }) => name === 'PCMU' || name === 'PCMA') ?? ours[0];
}
