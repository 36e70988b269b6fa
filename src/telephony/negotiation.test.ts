import { describe, expect, test } from 'vitest';
import { seededRandom } from '../core/index.ts';
import type { AudioAgreement, Sound } from '../media/index.ts';
import { Negotiation } from './negotiation.ts';

/** Where our packets go when somebody at `peer` says that he wants them at `said`. */
function aimOf(said: string, peer: string): unknown {
  const aims: unknown[] = [];
  const local = { address: '203.0.114.1', port: 20_000 };
  const sound = { local, connect: ({ remote }: { remote: object }) => aims.push(remote) };
  const offer = ['v=0', 'o=- 1 1 IN IP4 0', 's=-', `c=IN IP4 ${said}`, 't=0 0', 'm=audio 4000 RTP/AVP 0', ''];
  const parts = { address: local.address, random: seededRandom(1), offer: offer.join('\r\n'), peer };
  new Negotiation({ ...parts, sound: sound as unknown as Sound }).connect();
  return aims[0];
}

test.each([
  ['names a place in a private network', '10.0.0.7', '203.0.114.9', '203.0.114.9'],
  ['names the machine itself', '127.0.0.1', '203.0.114.9', '203.0.114.9'],
  ['names another place in the world', '203.0.114.77', '203.0.114.9', '203.0.114.77'],
  ['is in the same network as we', '10.0.0.7', '10.0.0.8', '10.0.0.7'],
])('the sound for a peer that %s (%s, asked by %s) goes to %s', (_what, said, peer, address) => {
  expect(aimOf(said, peer)).toEqual({ address, port: 4000 });
});

/** A leg's negotiation with what it has made of the audio, and the SDP of a far end at 10.0.0.9. */
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
    '%s is taken in a first offer, and resumed from',
    (connection) => {
      const { negotiating, last } = negotiation(sdp(connection, 'm=audio 4000 RTP/AVP 0', 'a=sendrecv'));
      expect(negotiating.description).toContain('a=recvonly\r\n');
      negotiating.connect();
      expect(last()).toMatchObject({ direction: 'recvonly', remote: { port: 0 } });
      expect(negotiating.reoffered(talking)).toContain('a=sendrecv\r\n');
      expect(last()).toMatchObject({ direction: 'sendrecv', remote: { address: '10.0.0.9', port: 4000 } });
    },
  );

  test.each<[string, string[], string]>([
    ['alone', [], 'recvonly'],
    ['with a=sendonly', ['a=sendonly'], 'recvonly'],
    ['with a=inactive', ['a=inactive'], 'inactive'],
  ])('%s holds and resumes a call that is up', (_what, attributes, direction) => {
    const { negotiating, last } = negotiation(talking);
    const hold = sdp('IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 0', ...attributes);
    expect(negotiating.reoffered(hold)).toContain(`a=${direction}\r\n`);
    expect(last()).toMatchObject({ direction, remote: { port: 0 } });
    expect(negotiating.reoffered(talking)).toContain('a=sendrecv\r\n');
    expect(last()).toMatchObject({ direction: 'sendrecv', remote: { port: 4000 } });
  });

  test('is taken in an answer', () => {
    const { negotiating, last } = negotiation();
    negotiating.answered(sdp('IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 0'));
    expect(last()).toMatchObject({ direction: 'recvonly', remote: { port: 0 } });
  });

  test('is refused, and the call goes on, where the stream is switched off', () => {
    const { negotiating, agreements } = negotiation(talking);
    const off = sdp('IN IP4 10.0.0.9', 'm=audio 0 RTP/AVP 0');
    expect(() => negotiating.reoffered(off)).toThrow(expect.objectContaining({ code: 'not_acceptable' }));
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
    ['something else under 0', ['0 8', '0 G722/8000'], { 'G722/8000': '0', 'PCMU/8000': '96' }],
    ['a format that it does not list', ['0', '101 G726-32/8000'], { 'telephone-event/8000': '96' }],
    ['a format that cannot be read', ['0 101', '101'], { 'telephone-event/8000': '96' }],
  ])('an offer with %s', (_what, [types, rtpmap], expected) => {
    const offer = sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP ${types}`, `a=rtpmap:${rtpmap}`);
    const { negotiating } = negotiation(offer);
    const next = negotiating.reoffered(undefined);
    expect(rtpmaps(next)).toMatchObject(expected);
    expect(new Set(formats(next)).size).toBe(formats(next).length);
  });

  test('an offer that came later, and one that came before it', () => {
    const { negotiating } = negotiation(talking);
    for (const [type, name] of [
      ['101', 'iLBC/8000'],
      ['96', 'speex/8000'],
      ['97', 'speex/16000'],
    ])
      negotiating.reoffered(
        sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP 0 ${type}`, `a=rtpmap:${type} ${name}`),
      );
    expect(rtpmaps(negotiating.reoffered(undefined))).toMatchObject({ 'telephone-event/8000': '98' });
  });

  test('an answer of other numbers than our offer', () => {
    const { negotiating, last } = negotiation();
    const media = ['m=audio 4000 RTP/AVP 8 97', 'a=rtpmap:97 telephone-event/8000'];
    negotiating.answered(sdp('IN IP4 10.0.0.9', ...media));
    expect(last().telephoneEvent).toEqual({ payloadType: 97 });
    expect(last().receives?.telephoneEvents).toContainEqual({ payloadType: 101 });
    expect(rtpmaps(negotiating.reoffered(undefined))['telephone-event/8000']).toBe('101');
  });

  test('an offer that takes up every dynamic number', () => {
    const numbers = Array.from({ length: 32 }, (_, at) => String(96 + at));
    const lines = numbers.map((number) => `a=rtpmap:${number} X${number}/8000`);
    const { negotiating } = negotiation(
      sdp('IN IP4 10.0.0.9', `m=audio 4000 RTP/AVP 0 ${numbers.join(' ')}`, ...lines),
    );
    expect(formats(negotiating.reoffered(undefined))).toEqual(['0', '8', '9']);
  });
});

test('every codec of an answer may come in', () => {
  const { negotiating, last } = negotiation();
  negotiating.answered(sdp('IN IP4 10.0.0.9', 'm=audio 4000 RTP/AVP 8 0 9'));
  expect(last()).toMatchObject({ codec: { name: 'PCMA', payloadType: 8 } });
  expect(
    last()
      .receives?.codecs.map(({ payloadType }) => payloadType)
      .toSorted(),
  ).toEqual([0, 8, 9]);
});

test('goes back to what one early dialog has agreed on', () => {
  const { negotiating, last } = negotiation();
  const offer = negotiating.description;
  negotiating.answered(talking, '10.0.0.9');
  negotiating.reoffered(talking.replace('4000', '4002'), '10.0.0.9');
  const agreed = negotiating.agreed;
  negotiating.answered(talking.replace('4000', '5000'), '10.0.0.8', offer);
  expect(last().remote.port).toBe(5000);
  negotiating.resume(agreed);
  expect(last()).toMatchObject({ remote: { port: 4002 }, signalledFrom: '10.0.0.9' });
});

test('offers later the suite of SDES that the far end has taken', () => {
  const crypto = `a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:${'A'.repeat(40)}|2^31|1:1`;
  const { negotiating, last } = negotiation(sdp('IN IP4 10.0.0.9', 'm=audio 4000 RTP/SAVP 0', crypto));
  expect(last().srtp).toMatchObject({ receive: 'A'.repeat(40), tagBytes: 4, mkiBytes: 1 });
  expect(negotiating.reoffered(undefined)).toContain('a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:');
});
