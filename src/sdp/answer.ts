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
import { type Media, parseDescription, shown } from './description.ts';
import { both, type Direction, directionOf, isHold, mirror } from './direction.ts';
import { PayloadTypes, unreadableRtpmap } from './payload-types.ts';
import { type LocalSession, writeSession } from './session.ts';

/** Audio streams that are considered: more than any device offers. */
const MAX_CHOICE = 16;

/** What we can do with a stream that is offered. */
interface Abilities {
  codecs: readonly CodecName[];
  /** Our key, 30 octets in base64; without one, encrypted sound is refused. */
  srtpKey?: string | undefined;
}

/**
 * Answers with the first stream of sound that has a codec of ours, encrypted where that is offered, and with the codec that the offerer
 * likes best, but G.711 before all others: it costs a hundredth to code, and inside MiniVoice all sound is narrowband.
 * Every other stream is refused at its place.
 * @throws Failure `not_acceptable` when there is none (answer 488), `invalid_sdp` where a line that is needed cannot be
 * read, or for what is not SDP (400). The sentence names the line.
 */
export function answerOffer(
  offer: string,
  local: LocalSession &
    Abilities & {
      /** Take RFC 4733 events when they are offered; default true. */
      telephoneEvent?: boolean;
      /** What we would like; default `sendrecv`. */
      direction?: Direction;
      /** Learns from the offer. */
      payloadTypes?: PayloadTypes;
    },
): { sdp: string; agreement: AudioAgreement } {
  const description = parseDescription(offer);
  const streams = description.media.filter((media) => media.type === 'audio').slice(0, MAX_CHOICE);
  for (const media of streams) local.payloadTypes?.complete(media);
  const audio = choose(streams, local);
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
      receives: received(formats, telephoneEvent, local.codecs),
      ...(theirs && crypto && { srtp: keysOf(crypto, theirs) }),
    },
  };
}

/**
 * What the answer to an offer of ours means. Streams that were not offered are ignored.
 * @param payloadTypes learns from the answer.
 * @throws Failure `not_acceptable` when the sound was refused or is nothing that we offered, `invalid_sdp` for
 * what is no answer to this offer. The sentence names the line.
 */
export function acceptAnswer(
  offer: string,
  answer: string,
  payloadTypes: PayloadTypes = new PayloadTypes(),
): AudioAgreement {
  const asked = parseDescription(offer).media;
  const given = parseDescription(answer).media;
  const at = asked.findIndex((media) => media.type === 'audio' && media.port !== 0);
  const ours = asked[at];
  // RFC 3264 §6 has the streams in the order of the offer; some leave out those that were refused before.
  const theirs = given[at]?.type === 'audio' ? given[at] : given.find((media) => media.type === 'audio');
  if (!ours || !theirs) throw new Failure('invalid_sdp', 'The answer has no m=audio line');
  payloadTypes.learn(ours);
  payloadTypes.complete(theirs);
  const offered = formatsOf(ours);
  const codecs = offered.codecs.map((codec) => codec.name);
  const ourCrypto = isSecure(ours) ? cryptosOf(ours)[0] : undefined;
  const fault = faultOf(theirs, { codecs, srtpKey: ourCrypto?.key });
  if (fault) throw fault;
  const theirCrypto = takenFrom(theirs, ourCrypto);
  const codec = codecIn(theirs, codecs)!;
  const answered = formatsOf(theirs);
  const telephoneEvent = offered.telephoneEvents.length > 0 ? eventFor(codec, answered) : null;
  payloadTypes.learn(theirs);
  return {
    ...{ remote: remoteOf(theirs), codec, telephoneEvent },
    receives: received(merged(offered, answered), telephoneEvent, codecs),
    direction: both(directionOf(ours), mirror(directionOf(theirs))),
    rtcpMux: hasRtcpMux(ours) && hasRtcpMux(theirs),
    ...(ourCrypto && theirCrypto && { srtp: keysOf(ourCrypto, theirCrypto) }),
  };
}

/**
 * RFC 3264 §6.1: we get what our offer says; some use the numbers of their answer, where these are free. Some send
 * what we offered and they left out of their answer: a static number cannot mean anything else.
 */
function merged(offered: Formats, answered: Formats): Formats {
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

/** What may come in: each payload type has the meaning that was said first. */
function received(formats: Formats, event: AudioAgreement['telephoneEvent'], names: readonly CodecName[]) {
  const taken = new Set<number>();
  const isFree = ({ payloadType }: { payloadType: number }) =>
    !taken.has(payloadType) && taken.add(payloadType) !== undefined;
  const events = event ? formats.telephoneEvents : [];
  return {
    codecs: formats.codecs.filter((codec) => names.includes(codec.name) && isFree(codec)),
    telephoneEvents: events.filter(isFree),
  };
}

/** The stream to be used: the first on a transport that is supported, else the first on one that is unknown. */
function choose(audio: Media[], abilities: Abilities): Media {
  const fits = audio.filter((each) => !faultOf(each, abilities));
  const chosen = fits.find((each) => transportOf(each) !== 'unknown') ?? fits[0];
  if (chosen) return chosen;
  // The error of a stream that was meant to be used helps most.
  const meant = audio.find((each) => each.port !== 0 || each.fault) ?? audio[0];
  throw (meant && faultOf(meant, abilities)) ?? new Failure('not_acceptable', 'There is no m=audio line');
}

/** Why a stream of sound cannot be used; undefined when it can. */
function faultOf(media: Media, { codecs, srtpKey }: Abilities): Failure | undefined {
  const { port, protocol, formats, address, fault } = media;
  const line = `m=audio ${port} ${protocol} ${shown(formats.join(' '))}`.trimEnd();
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
  return new Failure('not_acceptable', `${shown(address)} in the c= line is not a unicast address`);
}

function noCodec(media: Media, line: string, codecs: readonly CodecName[]): Failure {
  if (media.formats.length === 0) return new Failure('invalid_sdp', `The line ${line} has no format`);
  const broken = unreadableRtpmap(media);
  if (broken !== undefined) return new Failure('invalid_sdp', `The line ${shown(broken)} is malformed`);
  return new Failure('not_acceptable', `None of the codecs is one of ${codecs.join(', ')}: the line ${line}`);
}

/** RFC 4568 §5.1.3: the answer takes the line of the offer, and encrypts where the offer does. */
function takenFrom(theirs: Media, ours: Crypto | undefined): Crypto | undefined {
  if (isSecure(theirs) !== (ours !== undefined))
    throw new Failure('not_acceptable', `The answer changes the profile to ${theirs.protocol}`);
  if (!ours) return undefined;
  const taken = cryptosOf(theirs);
  const match = taken.find(({ tag, suite }) => tag === ours.tag && suite === ours.suite);
  if (match) return match;
  throw new Failure('invalid_sdp', `The line a=crypto:${taken[0]?.tag} is for a key that was not offered`);
}

/** RFC 4568 §5.1.3: each side sends with the key that it has said. */
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
