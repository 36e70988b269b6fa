import { Failure } from '../kit/index.ts';
import {
  type AudioAgreement,
  audioMedia,
  type CodecName,
  eventFor,
  formatsOf,
  hasRtcpMux,
  isSecure,
  isSpoken,
  refusedMedia,
  remoteOf,
} from './audio.ts';
import { cryptoOf } from './crypto.ts';
import { type Description, type Media, parseDescription } from './description.ts';
import { both, type Direction, directionOf, mirror } from './direction.ts';
import { type LocalSession, writeSession } from './session.ts';

/**
 * Answers with the first stream of sound that has a codec of ours, encrypted where that is offered, and with the codec that the offerer
 * likes best, but G.711 before all others: it costs a hundredth to code, and inside the house all sound is as narrow.
 * Every other stream is refused at its place.
 * @throws Failure `not_acceptable` when there is none (answer 488), `invalid_sdp` for what is not SDP (400).
 */
export function answerOffer(
  offer: string,
  local: LocalSession & {
    codecs: readonly CodecName[];
    /** Take RFC 4733 events when they are offered; default true. */
    telephoneEvent?: boolean;
    /** What we would like; default `sendrecv`. */
    direction?: Direction;
    /** Our key, 30 octets in base64, for where the offer is encrypted; without one such sound is refused. */
    srtpKey?: string | undefined;
  },
): { sdp: string; agreement: AudioAgreement } {
  const description = parseDescription(offer);
  const { srtpKey } = local;
  const fits = (media: Media) => isSpoken(media) && (srtpKey !== undefined || !isSecure(media));
  const at = description.media.findIndex((media) => fits(media) && codecIn(media, local.codecs));
  const audio = description.media[at];
  const codec = audio && codecIn(audio, local.codecs);
  if (!codec) throw new Failure('not_acceptable', whyNot(description.media, local.codecs));
  const telephoneEvent = (local.telephoneEvent ?? true) ? eventFor(codec, formatsOf(audio)) : null;
  const direction = both(mirror(directionOf(description, audio)), local.direction ?? 'sendrecv');
  const rtcpMux = hasRtcpMux(audio);
  const formats = { codecs: [codec], telephoneEvents: telephoneEvent ? [telephoneEvent] : [] };
  const theirs = isSecure(audio) ? cryptoOf(audio) : undefined;
  const crypto = theirs && srtpKey ? { tag: theirs.tag, key: srtpKey } : undefined;
  const ours = audioMedia({ port: local.port, formats, direction, rtcpMux, crypto });
  const media = description.media.map((each, index) => (index === at ? ours : refusedMedia(each)));
  const remote = remoteOf(description, audio);
  return {
    sdp: writeSession(local, media),
    agreement: {
      ...{ remote, codec, telephoneEvent, direction, rtcpMux },
      ...(theirs && crypto && { srtp: { send: crypto.key, receive: theirs.key } }),
    },
  };
}

/**
 * What the answer to an offer of ours means.
 * @throws Failure `not_acceptable` when the sound was refused or is nothing that we offered, `invalid_sdp` for
 * what is no answer to this offer.
 */
export function acceptAnswer(offer: string, answer: string): AudioAgreement {
  const asked = parseDescription(offer);
  const given = parseDescription(answer);
  const at = asked.media.findIndex(isSpoken);
  const [ours, theirs] = [asked.media[at], given.media[at]];
  if (!ours || theirs?.type !== 'audio' || given.media.length > asked.media.length) {
    throw new Failure('invalid_sdp', 'The streams of the answer are not those of the offer');
  }
  const offered = formatsOf(ours);
  const answered = formatsOf(theirs);
  const names = offered.codecs.map((codec) => codec.name);
  const same = isSpoken(theirs) && isSecure(theirs) === isSecure(ours);
  const codec = same ? codecIn(theirs, names) : undefined;
  if (!codec) throw new Failure('not_acceptable', whyNot([theirs], names));
  return {
    remote: remoteOf(given, theirs),
    codec,
    telephoneEvent: offered.telephoneEvents.length > 0 ? eventFor(codec, answered) : null,
    direction: directionFor(asked, ours, given, theirs),
    rtcpMux: hasRtcpMux(ours) && hasRtcpMux(theirs),
    ...keysOf(ours, theirs),
  };
}

/** RFC 4568 §5.1.3: each side sends with the key that it has said. */
function keysOf(ours: Media, theirs: Media): Pick<AudioAgreement, 'srtp'> {
  const [send, receive] = [cryptoOf(ours), cryptoOf(theirs)];
  if (!isSecure(ours) || !send || !receive) return {};
  if (send.tag !== receive.tag) {
    throw new Failure('invalid_sdp', 'The key of the answer is for a line that was not offered');
  }
  return { srtp: { send: send.key, receive: receive.key } };
}

function directionFor(asked: Description, ours: Media, given: Description, theirs: Media): Direction {
  return both(directionOf(asked, ours), mirror(directionOf(given, theirs)));
}

function codecIn(media: Media, names: readonly CodecName[]): AudioAgreement['codec'] | undefined {
  const ours = formatsOf(media).codecs.filter((codec) => names.includes(codec.name));
  return ours.find(({ name }) => name === 'PCMU' || name === 'PCMA') ?? ours[0];
}

function whyNot(media: Media[], names: readonly CodecName[]): string {
  const audio = media.filter((each) => each.type === 'audio');
  if (audio.length === 0) return 'There is no audio in it';
  const used = audio.filter((each) => each.port !== 0);
  if (used.length === 0) return 'The audio is refused (port 0)';
  if (!used.some(isSpoken)) return `${used[0]!.protocol} is not spoken here, or not with such keys`;
  return `None of the codecs is one of ${names.join(', ')}`;
}
