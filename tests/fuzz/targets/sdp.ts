import { Failure } from '../../../src/core/index.ts';
import { acceptAnswer, answerOffer, createOffer, PayloadTypes } from '../../../src/sdp/index.ts';
import type { RandomChoice } from '../random-choice.ts';
import { stateless, type Target, type Verdict } from '../target.ts';
import { SDP } from './sip-messages.ts';

const codecs = ['opus', 'G722', 'PCMU', 'PCMA'] as const;
const srtpKey = 'k'.repeat(40);
const local = { address: '10.0.0.1', port: 4000, sessionId: 1, version: 1, codecs, srtpKey };
const offer = createOffer({ ...local, telephoneEvent: true, direction: 'sendrecv' });

/** Answers the input as an offer, and evaluates it as an answer; either is consistent or refused. */
function process(input: Buffer): Verdict {
  const text = input.toString();
  const verdicts = [
    verdictOf(() => {
      const payloadTypes = new PayloadTypes();
      const { sdp, agreement } = answerOffer(text, { ...local, payloadTypes });
      if (!codecs.includes(agreement.codec.name)) throw new Error('a codec that we do not have');
      const streams = (text: string) =>
        text.split(/[\r\n]+/).filter((line) => /^[\s\0]*m[\s\0]*=/i.test(line)).length;
      // RFC 3264 §6: an answer has as many streams as the offer.
      if (streams(sdp) !== streams(text)) throw new Error('the answer has another number of streams');
      if (answerOffer(text, { ...local, previous: sdp }).sdp !== sdp)
        throw new Error('a repeated answer differs');
      const next = createOffer({ ...local, payloadTypes, telephoneEvent: true, direction: 'sendrecv' });
      const { codecs: offered } = acceptAnswer(next, next).receives;
      if (!offered.some(({ name }) => name === agreement.codec.name))
        throw new Error('the next offer omits the codec');
    }),
    verdictOf(() => void acceptAnswer(offer, text)),
  ];
  return verdicts.includes('accepted') ? 'accepted' : 'refused';
}

function verdictOf(read: () => void): Verdict {
  try {
    read();
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure && ['invalid_sdp', 'not_acceptable'].includes(error.code)) return 'refused';
    throw error;
  }
}

const LINES: readonly ((random: RandomChoice) => string)[] = [
  (random) =>
    `m=audio ${random.pick(['4000', '0', '-1', '65535', '65536', '4000/2'])} ${random.pick(['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF', 'udp', ''])} ${random.some(5, () => random.int(130)).join(' ')}`,
  (random) => `m=video ${random.int(70_000)} RTP/AVP 31`,
  (random) =>
    `c=IN ${random.pick(['IP4', 'IP6', 'IP5'])} ${random.pick(['10.0.0.9', '::1', '224.2.1.1/127', '999.1.1.1', ''])}`,
  (random) =>
    `a=rtpmap:${random.int(130)} ${random.pick(['PCMU', 'opus', 'G722', 'telephone-event', ''])}/${random.pick(['8000', '48000/2', '0', 'x'])}`,
  (random) =>
    `a=crypto:${random.int(3)} AES_CM_128_HMAC_SHA1_${random.pick(['80', '32', '64'])} inline:${'A'.repeat(random.pick([40, 39]))}${random.pick(['', '|2^31', '|1:4', '|2^20|1:129', ' WSH=64', ' KDR=1'])}`,
  (random) => `a=fmtp:${random.int(130)} ${random.pick(['0-16', 'useinbandfec=1', ';;', '='])}`,
  (random) =>
    `a=${random.pick(['sendrecv', 'sendonly', 'recvonly', 'inactive', 'rtcp-mux', 'ptime:20', 'rtcp:x', ''])}`,
  (random) => `o=${random.pick(['- 1 1 IN IP4 10.0.0.9', '-', `- ${'9'.repeat(40)} -1 IN IP4 x`])}`,
  (random) =>
    `${random.pick(['b', 'k', 'z', 'v', 's', ''])}=${random.bytes(random.int(12)).toString('latin1')}`,
];

function generate(random: RandomChoice): Buffer {
  const lines = ['v=0', 'o=- 1 1 IN IP4 10.0.0.9', 's=-', 'c=IN IP4 10.0.0.9', 't=0 0'];
  if (random.once(4)) lines.splice(random.int(lines.length), 1);
  for (let n = random.int(8); n >= 0; n--) lines.push(random.pick(LINES)(random));
  return Buffer.from(`${lines.join(random.pick(['\r\n', '\r\n', '\n']))}\r\n`);
}

/** Session descriptions, as offers and answers. */
export const sdp: Target = {
  name: 'sdp',
  share: 150,
  corpus: [Buffer.from(SDP), Buffer.from(offer)],
  generate,
  open: stateless(process),
};
