import { Failure } from '../../../src/core/index.ts';
import { acceptAnswer, answerOffer, createOffer, PayloadTypes } from '../../../src/sdp/index.ts';
import type { Chance } from '../chance.ts';
import { stateless, type Target, type Verdict } from '../target.ts';
import { SDP } from './sip-words.ts';

const codecs = ['opus', 'G722', 'PCMU', 'PCMA'] as const;
const srtpKey = 'k'.repeat(40);
const local = { address: '10.0.0.1', port: 4000, sessionId: 1, version: 1, codecs, srtpKey };
const offer = createOffer({ ...local, telephoneEvent: true, direction: 'sendrecv' });

/** As an offer it is answered with what its sender may take, or refused; as an answer it is agreed on, or refused. */
function take(input: Buffer): Verdict {
  const text = input.toString();
  const verdicts = [
    orRefused(() => {
      const payloadTypes = new PayloadTypes();
      const { sdp, agreement } = answerOffer(text, { ...local, payloadTypes });
      if (!codecs.includes(agreement.codec.name)) throw new Error('a codec that is not ours');
      const streams = (of: string) =>
        of.split(/[\r\n]+/).filter((line) => /^[\s\0]*m[\s\0]*=/i.test(line)).length;
      // RFC 3264 §6: an answer has as many streams as the offer.
      if (streams(sdp) !== streams(text)) throw new Error('another number of streams in the answer');
      if (answerOffer(text, { ...local, previous: sdp }).sdp !== sdp)
        throw new Error('the same answer differs');
      const next = createOffer({ ...local, payloadTypes, telephoneEvent: true, direction: 'sendrecv' });
      const { codecs: offered } = acceptAnswer(next, next).receives;
      if (!offered.some(({ name }) => name === agreement.codec.name))
        throw new Error('the codec is not offered again');
    }),
    orRefused(() => void acceptAnswer(offer, text)),
  ];
  return verdicts.includes('taken') ? 'taken' : 'refused';
}

function orRefused(read: () => void): Verdict {
  try {
    read();
    return 'taken';
  } catch (error) {
    if (error instanceof Failure && ['invalid_sdp', 'not_acceptable'].includes(error.code)) return 'refused';
    throw error;
  }
}

const LINES: readonly ((chance: Chance) => string)[] = [
  (chance) =>
    `m=audio ${chance.pick(['4000', '0', '-1', '65535', '65536', '4000/2'])} ${chance.pick(['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF', 'udp', ''])} ${chance.some(5, () => chance.int(130)).join(' ')}`,
  (chance) => `m=video ${chance.int(70_000)} RTP/AVP 31`,
  (chance) =>
    `c=IN ${chance.pick(['IP4', 'IP6', 'IP5'])} ${chance.pick(['10.0.0.9', '::1', '224.2.1.1/127', '999.1.1.1', ''])}`,
  (chance) =>
    `a=rtpmap:${chance.int(130)} ${chance.pick(['PCMU', 'opus', 'G722', 'telephone-event', ''])}/${chance.pick(['8000', '48000/2', '0', 'x'])}`,
  (chance) =>
    `a=crypto:${chance.int(3)} AES_CM_128_HMAC_SHA1_${chance.pick(['80', '32', '64'])} inline:${'A'.repeat(chance.pick([40, 39]))}${chance.pick(['', '|2^31', '|1:4', '|2^20|1:129', ' WSH=64', ' KDR=1'])}`,
  (chance) => `a=fmtp:${chance.int(130)} ${chance.pick(['0-16', 'useinbandfec=1', ';;', '='])}`,
  (chance) =>
    `a=${chance.pick(['sendrecv', 'sendonly', 'recvonly', 'inactive', 'rtcp-mux', 'ptime:20', 'rtcp:x', ''])}`,
  (chance) => `o=${chance.pick(['- 1 1 IN IP4 10.0.0.9', '-', `- ${'9'.repeat(40)} -1 IN IP4 x`])}`,
  (chance) =>
    `${chance.pick(['b', 'k', 'z', 'v', 's', ''])}=${chance.bytes(chance.int(12)).toString('latin1')}`,
];

function write(chance: Chance): Buffer {
  const lines = ['v=0', 'o=- 1 1 IN IP4 10.0.0.9', 's=-', 'c=IN IP4 10.0.0.9', 't=0 0'];
  if (chance.once(4)) lines.splice(chance.int(lines.length), 1);
  for (let n = chance.int(8); n >= 0; n--) lines.push(chance.pick(LINES)(chance));
  return Buffer.from(`${lines.join(chance.pick(['\r\n', '\r\n', '\n']))}\r\n`);
}

/** Session descriptions, as offers and as answers. */
export const sdp: Target = {
  name: 'sdp',
  share: 150,
  corpus: [Buffer.from(SDP), Buffer.from(offer)],
  write,
  open: stateless(take),
};
