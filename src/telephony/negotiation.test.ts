import { describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import type { AudioAgreement, Sound } from '../media/index.ts';
import { Negotiation } from './negotiation.ts';

/** Where our packets go when a peer at `peer` names the address `named` in its offer. */
function remoteOf(named: string, peer: string): unknown {
  const remotes: unknown[] = [];
  const local = { address: '203.0.114.1', port: 20_000 };
  const sound = { local, connect: ({ remote }: { remote: object }) => remotes.push(remote) };
  const offer = [
    'v=0',
    'o=- 1 1 IN IP4 0',
    's=-',
    `c=IN IP4 ${named}`,
    't=0 0',
    'm=audio 4000 RTP/AVP 0',
    '',
  ];
  const parts = { address: local.address, random: seededRandom(1), offer: offer.join('\r\n'), peer };
  new Negotiation({ ...parts, sound: sound as unknown as Sound }).connect();
  return remotes[0];
}

test.each([
  ['a public peer names a private address', '10.0.0.7', '203.0.114.9', '203.0.114.9'],
  ['a public peer names loopback', '127.0.0.1', '203.0.114.9', '203.0.114.9'],
  ['a public peer names another public address', '203.0.114.77', '203.0.114.9', '203.0.114.77'],
  ['a private peer names a private address', '10.0.0.7', '10.0.0.8', '10.0.0.7'],
])('where %s (%s from %s), RTP goes to %s', (_what, named, peer, address) => {
  expect(remoteOf(named, peer)).toEqual({ address, port: 4000 });
});

/** The negotiation of a leg with a far end at 10.0.0.9, and what it has connected. */
function negotiation(offer?: string) {
  const agreements: AudioAgreement[] = [];
  const sound = {
    local: { address: '10.0.0.1', port: 20_000 },
    connect: (agreement: AudioAgreement) => void agreements.push(agreement),
  };
  const parts = { address: '10.0.0.1', random: seededRandom(1), peer: '10.0.0.9', offer };
  const negotiating = new Negotiation({ ...parts, sound: sound as unknown as Sound });
  negotiating.connect();
  return { negotiating, agreements, last: () => agreements.at(-1)! };
}

const sdp = (connection: string, ...media: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 10.0.0.9', 's=-', `c=${connection}`, 't=0 0', ...media, ''].join('\r\n');
const talking = sdp('IN IP4 10.0.0.9', 'm=audio 4000 RTP/AVP 0');
const formats = (description: string) => /^m=audio \d+ \S+ (.*)$/m.exec(description)![1]!.split(' ');

describe('a hold by address (RFC 3264 §8.4)', () => {
  test.each(['IN IP4 0.0.0.0', 'IN IP6 ::'])(
    '%s is accepted in a first offer, and the call can be resumed',
    (connection) => {
      const { negotiating, last } = negotiation(sdp(connection, 'm=audio 4000 RTP/AVP 0', 'a=sendrecv'));
      expect(negotiating.description).toContain('a=recvonly\r\n');
      negotiating.connect();
      expect(last()).toMatchObject({ direction: 'recvonly', remote: { port: 0 } });
      expect(negotiating.answerOffer(talking)).toContain('a=sendrecv\r\n');
      expect(last()).toMatchObject({ direction: 'sendrecv', remote: { address: '10.0.0.9', port: 4000 } });
    },
  );

  test.each<[string, string[], string]>([
    ['alone', [], 'recvonly'],
    ['with a=sendonly', ['a=sendonly'], 'recvonly'],
    ['with a=inactive', ['a=inactive'], 'inactive'],
  ])('%s holds a confirmed call, which can be resumed', (_what, attributes, direction) => {
    const { negotiating, last } = negotiation(talking);
    const hold = sdp('IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 0', ...attributes);
    expect(negotiating.answerOffer(hold)).toContain(`a=${direction}\r\n`);
    expect(last()).toMatchObject({ direction, remote: { port: 0 } });
    expect(negotiating.answerOffer(talking)).toContain('a=sendrecv\r\n');
    expect(last()).toMatchObject({ direction: 'sendrecv', remote: { port: 4000 } });
  });

  test('is accepted in an answer', () => {
    const { negotiating, last } = negotiation();
    negotiating.takeAnswer(sdp('IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 0'));
    expect(last()).toMatchObject({ direction: 'recvonly', remote: { port: 0 } });
  });

  test('is refused with port 0, and the call continues', () => {
    const { negotiating, agreements } = negotiation(talking);
    const off = sdp('IN IP4 10.0.0.9', 'm=audio 0 RTP/AVP 0');
    expect(() => negotiating.answerOffer(off)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
    expect(agreements).toHaveLength(1);
  });
});

describe('payload types keep their meaning in later offers (RFC 3264 §8.3.2)', () => {
  const rtpmaps = (description: string) =>
    Object.fromEntries(
      [...description.matchAll(/^a=rtpmap:(\d+) (\S+)\r$/gm)].map(([, type, name]) => [name, type]),
    );

  test.each<[string, string[], object]>([
    ['telephone events under 96', ['0 96', '96 telephone-event/8000'], { 'telephone-event/8000': '96' }],
    ['another codec under 101', ['0 101', '101 iLBC/8000'], { 'telephone-event/8000': '96' }],
    ['another codec under 111', ['0 111', '111 speex/16000'], { 'opus/48000/2': '96' }],
    [
      'Opus under 101',
      ['0 101', '101 opus/48000/2'],
      { 'opus/48000/2': '101', 'telephone-event/8000': '96' },
    ],
    ['Opus under 96', ['0 96', '96 opus/48000'], { 'opus/48000/2': '96', 'telephone-event/8000': '101' }],
    ['PCMU under 97', ['97', '97 PCMU/8000'], { 'PCMU/8000': '97', 'PCMA/8000': '8' }],
    ['another codec under 0', ['0 8', '0 G722/8000'], { 'G722/8000': '0', 'PCMU/8000': '96' }],
    ['an rtpmap without its format', ['0', '101 G726-32/8000'], { 'telephone-event/8000': '96' }],
    ['an invalid rtpmap', ['0 101', '101'], { 'telephone-event/8000': '96' }],
  ])('an offer with %s', (_what, [types, rtpmap], expected) => {
    const offer = sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP ${types}`, `a=rtpmap:${rtpmap}`);
    const { negotiating } = negotiation(offer);
    const next = negotiating.answerOffer(undefined);
    expect(rtpmaps(next)).toMatchObject(expected);
    expect(new Set(formats(next)).size).toBe(formats(next).length);
  });

  test('formats of all earlier offers', () => {
    const { negotiating } = negotiation(talking);
    for (const [type, name] of [
      ['101', 'iLBC/8000'],
      ['96', 'speex/8000'],
      ['97', 'speex/16000'],
    ])
      negotiating.answerOffer(
        sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP 0 ${type}`, `a=rtpmap:${type} ${name}`),
      );
    expect(rtpmaps(negotiating.answerOffer(undefined))).toMatchObject({ 'telephone-event/8000': '98' });
  });

  test('an answer with other payload types than our offer', () => {
    const { negotiating, last } = negotiation();
    const media = ['m=audio 4000 RTP/AVP 8 97', 'a=rtpmap:97 telephone-event/8000'];
    negotiating.takeAnswer(sdp('IN IP4 10.0.0.9', ...media));
    expect(last().telephoneEvent).toEqual({ payloadType: 97 });
    expect(last().receives?.telephoneEvents).toContainEqual({ payloadType: 101 });
    expect(rtpmaps(negotiating.answerOffer(undefined))['telephone-event/8000']).toBe('101');
  });

  test('an offer that uses every dynamic payload type', () => {
    const numbers = Array.from({ length: 32 }, (_, at) => String(96 + at));
    const lines = numbers.map((number) => `a=rtpmap:${number} X${number}/8000`);
    const { negotiating } = negotiation(
      sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP 0 ${numbers.join(' ')}`, ...lines),
    );
    expect(formats(negotiating.answerOffer(undefined))).toEqual(['0', '8', '9']);
  });
});

test('accepts every codec of an answer from the far end', () => {
  const { negotiating, last } = negotiation();
  negotiating.takeAnswer(sdp('IN IP4 10.0.0.9', 'm=audio 4000 RTP/AVP 8 0 9'));
  expect(last()).toMatchObject({ codec: { name: 'PCMA', payloadType: 8 } });
  expect(
    last()
      .receives?.codecs.map(({ payloadType }) => payloadType)
      .toSorted(),
  ).toEqual([0, 8, 9]);
});

test('restores the agreement of an early dialog', () => {
  const { negotiating, last } = negotiation();
  const offer = negotiating.description;
  negotiating.takeAnswer(talking, '10.0.0.9');
  negotiating.answerOffer(talking.replace('4000', '4002'), '10.0.0.9');
  const state = negotiating.state;
  negotiating.takeAnswer(talking.replace('4000', '5000'), '10.0.0.8', offer);
  expect(last().remote.port).toBe(5000);
  negotiating.restore(state);
  expect(last()).toMatchObject({ remote: { port: 4002 }, signaledFrom: '10.0.0.9' });
});

test('keeps the SDES crypto suite of the far end in later offers', () => {
  const crypto = `a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:${'A'.repeat(40)}|2^31|1:1`;
  const { negotiating, last } = negotiation(sdp('IN IP4 10.0.0.9', 'm=audio 4000 RTP/SAVP 0', crypto));
  expect(last().srtp).toMatchObject({ receive: 'A'.repeat(40), tagBytes: 4, mkiBytes: 1 });
  expect(negotiating.answerOffer(undefined)).toContain('a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:');
});
