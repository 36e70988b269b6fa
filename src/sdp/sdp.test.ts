import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../core/index.ts';
import { acceptAnswer, answerOffer, type CodecName, createOffer, type Direction } from './index.ts';

const LOCAL = { address: '198.51.100.7', port: 40000, sessionId: 77, version: 1 };
const CODECS: CodecName[] = ['PCMU', 'PCMA'];
const ALL_CODECS: CodecName[] = ['PCMU', 'PCMA', 'G722', 'opus'];
const sdp = (...lines: string[]) => `${lines.join('\r\n')}\r\n`;

/** A usual offer; `media` are the lines from the first `m=` on. */
function offered(media: string[], session: string[] = ['c=IN IP4 192.0.2.1']): string {
  return sdp('v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', ...session, 't=0 0', ...media);
}

const answer = (offer: string, codecs = CODECS) => answerOffer(offer, { ...LOCAL, codecs });
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
};

describe('our offer', () => {
  it('conforms to RFC 8866 line by line', () => {
    const offer = createOffer({ ...LOCAL, codecs: CODECS, telephoneEvent: true, direction: 'sendrecv' });
    expect(offer).toBe(
      sdp(
        'v=0',
        'o=minivoice 77 1 IN IP4 198.51.100.7',
        's=-',
        'c=IN IP4 198.51.100.7',
        't=0 0',
        'm=audio 40000 RTP/AVP 0 8 101',
        'a=rtpmap:0 PCMU/8000',
        'a=rtpmap:8 PCMA/8000',
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        'a=ptime:20',
        'a=sendrecv',
        'a=rtcp-mux',
      ),
    );
  });

  it('has Opus with its own clock rate, and telephone events at that rate', () => {
    const codecs: CodecName[] = ['PCMU', 'G722', 'opus'];
    const offer = createOffer({ ...LOCAL, codecs, telephoneEvent: true, direction: 'sendrecv' });
    expect(offer).toContain('m=audio 40000 RTP/AVP 0 9 111 101 110\r\n');
    expect(offer).toContain('a=rtpmap:9 G722/8000\r\n');
    expect(offer).toContain('a=rtpmap:111 opus/48000/2\r\n');
    expect(offer).toContain('a=fmtp:111 maxplaybackrate=8000;sprop-maxcapturerate=8000\r\n');
    expect(offer).toContain('a=rtpmap:110 telephone-event/48000\r\n');
  });

  it('marks an IPv6 address as IP6', () => {
    const offer = createOffer({
      ...LOCAL,
      address: '2001:db8::7',
      codecs: ['PCMA'],
      telephoneEvent: false,
      direction: 'sendonly',
    });
    expect(offer).toContain('c=IN IP6 2001:db8::7\r\n');
    expect(offer).toContain('m=audio 40000 RTP/AVP 8\r\n');
    expect(offer).not.toContain('telephone-event');
  });

  it('increments its version only if it changes', () => {
    const parts = { ...LOCAL, codecs: CODECS, telephoneEvent: true };
    const first = createOffer({ ...parts, direction: 'sendrecv' });
    expect(createOffer({ ...parts, direction: 'sendrecv', previous: first })).toBe(first);
    const second = createOffer({ ...parts, sessionId: 99, direction: 'sendonly', previous: first });
    expect(second).toContain('o=minivoice 77 2 IN IP4');
    const third = createOffer({ ...parts, direction: 'sendrecv', previous: second });
    expect(third).toContain('o=minivoice 77 3 IN IP4');
  });

  it('keeps the positions of refused streams', () => {
    const { sdp: previous } = answer(
      offered(['m=video 5002 RTP/AVP 31', 'm=audio 5000 RTP/AVP 0', 'm=image 5004 udptl t38']),
    );
    const offer = createOffer({
      ...LOCAL,
      previous,
      codecs: CODECS,
      telephoneEvent: true,
      direction: 'sendonly',
    });
    expect(offer.match(/^m=.*$/gm)).toEqual([
      'm=video 0 RTP/AVP 31',
      'm=audio 40000 RTP/AVP 0 8 101',
      'm=image 0 udptl t38',
    ]);
  });
});

describe('our answer', () => {
  it('selects the preferred codec of the offerer, with its payload types', () => {
    const offer = offered([
      'm=audio 5000 RTP/AVP 96 8 0 97',
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:97 telephone-event/8000',
      'a=rtcp-mux',
    ]);
    const { sdp: text, agreement } = answer(offer);
    expect(agreement).toEqual({
      remote: { address: '192.0.2.1', port: 5000 },
      codec: { name: 'PCMA', payloadType: 8 },
      telephoneEvent: { payloadType: 97 },
      receives: {
        codecs: [
          { name: 'PCMA', payloadType: 8 },
          { name: 'PCMU', payloadType: 0 },
        ],
        telephoneEvents: [{ payloadType: 97 }],
      },
      direction: 'sendrecv',
      rtcpMux: true,
    });
    expect(text).toContain('m=audio 40000 RTP/AVP 8 97\r\n');
    expect(text).toContain('a=rtcp-mux\r\n');
  });

  it.each<[string, string[], CodecName, number]>([
    ['static types without rtpmap', ['m=audio 5000 RTP/AVP 0'], 'PCMU', 0],
    ['PCMU under a dynamic type', ['m=audio 5000 RTP/AVP 98', 'a=rtpmap:98 PCMU/8000'], 'PCMU', 98],
    [
      'a name in small letters, with channels',
      ['m=audio 5000 RTP/AVP 8', 'a=rtpmap:8 pcma/8000/1'],
      'PCMA',
      8,
    ],
    [
      'a static type that stands for something else',
      ['m=audio 5000 RTP/AVP 0 8', 'a=rtpmap:0 G722/8000'],
      'PCMA',
      8,
    ],
    ['G.722 by its static type', ['m=audio 5000 RTP/AVP 9'], 'G722', 9],
    ['Opus', ['m=audio 5000 RTP/AVP 98', 'a=rtpmap:98 opus/48000/2'], 'opus', 98],
    ['a port with a count', ['m=audio 5000/1 RTP/AVP 0'], 'PCMU', 0],
  ])('accepts %s', (_what, media, name, payloadType) => {
    expect(answer(offered(media), ALL_CODECS).agreement.codec).toEqual({ name, payloadType });
  });

  it.each<[string, string, CodecName]>([
    ['G.711 before codecs that take more CPU time', '111 9 8 0', 'PCMA'],
    ['the preferred codec of the offerer otherwise', '111 9', 'opus'],
    ['the preferred codec of the offerer otherwise', '9 111', 'G722'],
  ])('selects %s', (_what, types, name) => {
    const offer = offered([`m=audio 5000 RTP/AVP ${types}`, 'a=rtpmap:111 opus/48000/2']);
    expect(answer(offer, ALL_CODECS).agreement.codec.name).toBe(name);
  });

  it.each<[string, string, number, number | undefined]>([
    ['48 kHz events with Opus', '111', 110, 48_000],
    ['8 kHz events with other codecs', '9', 101, undefined],
  ])('selects %s', (_what, type, payloadType, clockRate) => {
    const offer = offered([
      `m=audio 5000 RTP/AVP ${type} 110 101`,
      'a=rtpmap:111 opus/48000/2',
      'a=rtpmap:110 telephone-event/48000',
      'a=rtpmap:101 telephone-event/8000',
    ]);
    const { sdp: text, agreement } = answer(offer, ALL_CODECS);
    expect(agreement.telephoneEvent).toEqual({ payloadType, clockRate });
    expect(text).toContain(`m=audio 40000 RTP/AVP ${type} ${payloadType}\r\n`);
    expect(text).toContain(`telephone-event/${clockRate ?? 8000}\r\n`);
  });

  it('has no telephone events if they were not offered at 8000 Hz, and no rtcp-mux if it was not offered', () => {
    const { sdp: text, agreement } = answer(
      offered(['m=audio 5000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/48000']),
    );
    expect(agreement.telephoneEvent).toBeNull();
    expect(agreement.rtcpMux).toBe(false);
    expect(text).not.toContain('telephone-event');
    expect(text).not.toContain('rtcp-mux');
  });

  it.each<[string, string[], string[], Direction]>([
    ['without direction', [], ['c=IN IP4 192.0.2.1'], 'sendrecv'],
    ['on hold with music', ['a=sendonly'], ['c=IN IP4 192.0.2.1'], 'recvonly'],
    ['listening only', ['a=recvonly'], ['c=IN IP4 192.0.2.1'], 'sendonly'],
    ['on hold', ['a=inactive'], ['c=IN IP4 192.0.2.1'], 'inactive'],
    ['on hold for the whole session', [], ['c=IN IP4 192.0.2.1', 'a=sendonly'], 'recvonly'],
    ['back for this stream', ['a=sendrecv'], ['c=IN IP4 192.0.2.1', 'a=inactive'], 'sendrecv'],
    ['on hold by address', [], ['c=IN IP4 0.0.0.0'], 'recvonly'],
    ['on hold by address, and recvonly', ['a=recvonly'], ['c=IN IP4 0.0.0.0'], 'inactive'],
  ])('mirrors the direction: %s', (_what, attributes, session, direction) => {
    const { sdp: text, agreement } = answer(offered(['m=audio 5000 RTP/AVP 0', ...attributes], session));
    expect(agreement.direction).toBe(direction);
    expect(text).toContain(`a=${direction}\r\n`);
  });

  it('sends nothing to the address 0.0.0.0', () => {
    const { agreement } = answer(offered(['m=audio 5000 RTP/AVP 0'], ['c=IN IP4 0.0.0.0']));
    expect(agreement.remote.port).toBe(0);
  });

  it('keeps our hold in the answer to a new offer', () => {
    const offer = offered(['m=audio 5000 RTP/AVP 0', 'a=sendrecv']);
    expect(answerOffer(offer, { ...LOCAL, codecs: CODECS, direction: 'sendonly' }).agreement.direction).toBe(
      'sendonly',
    );
  });

  it('prefers the address of the stream to that of the session, and accepts IPv6', () => {
    const { agreement } = answer(offered(['m=audio 5000 RTP/AVP 0', 'c=IN IP6 2001:db8::1']));
    expect(agreement.remote).toEqual({ address: '2001:db8::1', port: 5000 });
  });

  it('refuses every other stream at its position', () => {
    const { sdp: text, agreement } = answer(
      offered([
        'm=audio 0 RTP/AVP 0',
        'm=audio 5000 RTP/SAVP 0',
        'm=video 5002 RTP/AVP 31',
        'c=IN IP4 224.2.1.1/127',
        'm=audio 5004 RTP/AVP 8',
        'm=audio 5006 RTP/AVP 8',
      ]),
    );
    expect(text.match(/^m=.*$/gm)).toEqual([
      'm=audio 0 RTP/AVP 0',
      'm=audio 0 RTP/SAVP 0',
      'm=video 0 RTP/AVP 31',
      'm=audio 40000 RTP/AVP 8',
      'm=audio 0 RTP/AVP 8',
    ]);
    expect(agreement.remote.port).toBe(5004);
  });

  it('ignores unknown lines, and accepts LF line ends', () => {
    const offer = offered(['m=audio 5000 RTP/AVP 0', 'i=title', 'b=AS:80', 'a=x-odd', 'k=prompt', 'z=0 0']);
    expect(answer(offer.replaceAll('\r\n', '\n')).agreement.codec.name).toBe('PCMU');
  });

  it('increments its version', () => {
    const first = answer(offered(['m=audio 5000 RTP/AVP 0']));
    const hold = offered(['m=audio 5000 RTP/AVP 0', 'a=sendonly']);
    const second = answerOffer(hold, { ...LOCAL, codecs: CODECS, previous: first.sdp });
    expect(second.sdp).toContain('o=minivoice 77 2 IN');
  });

  it.each<[string, string[]]>([
    ['no audio', ['m=video 5000 RTP/AVP 31']],
    ['no stream at all', []],
    ['disabled audio', ['m=audio 0 RTP/AVP 0']],
    ['only unsupported codecs', ['m=audio 5000 RTP/AVP 18 9']],
    ['encryption (SAVP)', ['m=audio 5000 RTP/SAVP 0']],
    ['an unknown profile', ['m=audio 5000 UDP/TLS/RTP/SAVPF 0']],
    ['a multicast address', ['m=audio 5000 RTP/AVP 0', 'c=IN IP4 224.2.1.1/127']],
    ['a host name as address', ['m=audio 5000 RTP/AVP 0', 'c=IN IP4 media.example.com']],
  ])('refuses an offer with %s as not acceptable', (_what, media) => {
    expect(codeOf(() => answer(offered(media)))).toBe('not_acceptable');
  });

  it.each<[string, string]>([
    ['no text', ''],
    ['another version', sdp('v=1', 'o=- 1 1 IN IP4 192.0.2.1')],
    ['no line of SDP', 'hello\r\n'],
    ['an invalid port', offered(['m=audio 70000 RTP/AVP 0'])],
    ['no format', offered(['m=audio 5000 RTP/AVP'])],
    ['a malformed address', offered(['m=audio 5000 RTP/AVP 0', 'c=192.0.2.1'])],
    ['no address', offered(['m=audio 5000 RTP/AVP 0'], [])],
    ['a malformed rtpmap', offered(['m=audio 5000 RTP/AVP 96', 'a=rtpmap:96'])],
  ])('rejects a description with %s as invalid', (_what, text) => {
    expect(codeOf(() => answer(text))).toBe('invalid_sdp');
  });
});

describe('an answer to our offer', () => {
  const ours = (direction: Direction = 'sendrecv') =>
    createOffer({ ...LOCAL, codecs: CODECS, telephoneEvent: true, direction });

  it('determines destination, payload types and direction', () => {
    const given = offered([
      'm=audio 6000 RTP/AVP 8 0 96',
      'a=rtpmap:96 telephone-event/8000',
      'a=recvonly',
      'a=rtcp-mux',
    ]);
    expect(acceptAnswer(ours(), given)).toEqual({
      remote: { address: '192.0.2.1', port: 6000 },
      codec: { name: 'PCMA', payloadType: 8 },
      telephoneEvent: { payloadType: 96 },
      receives: {
        codecs: [
          { name: 'PCMU', payloadType: 0 },
          { name: 'PCMA', payloadType: 8 },
        ],
        telephoneEvents: [{ payloadType: 101 }, { payloadType: 96 }],
      },
      direction: 'sendonly',
      rtcpMux: true,
    });
  });

  it.each<[Direction, Direction, Direction]>([
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendrecv', 'sendonly', 'recvonly'],
    ['sendrecv', 'inactive', 'inactive'],
    ['sendonly', 'recvonly', 'sendonly'],
    ['sendonly', 'sendrecv', 'sendonly'],
    ['recvonly', 'recvonly', 'inactive'],
    ['inactive', 'sendrecv', 'inactive'],
  ])('to %s with %s results in %s', (offer, given, direction) => {
    const text = offered(['m=audio 6000 RTP/AVP 0', `a=${given}`]);
    expect(acceptAnswer(ours(offer), text).direction).toBe(direction);
  });

  it.each<[string, string[], string]>([
    ['refuses the audio', ['m=audio 0 RTP/AVP 0'], 'not_acceptable'],
    ['selects a codec that was not offered', ['m=audio 6000 RTP/AVP 9'], 'not_acceptable'],
    ['changes the profile', ['m=audio 6000 RTP/SAVP 0'], 'not_acceptable'],
    ['has no stream', [], 'invalid_sdp'],
    ['has another kind of stream', ['m=video 6000 RTP/AVP 0'], 'invalid_sdp'],
  ])('is an error if it %s', (_what, media, code) => {
    expect(codeOf(() => acceptAnswer(ours(), offered(media)))).toBe(code);
  });
});

describe('any offer', () => {
  const direction = fc.constantFrom<Direction>('sendrecv', 'sendonly', 'recvonly', 'inactive');
  const codecs = fc.shuffledSubarray(ALL_CODECS, { minLength: 1 });
  const isUnicast = (text: string) => !/^(22[4-9]|23\d|0\.0\.0\.0|[0:]*$)|^ff/i.test(text);
  const address = fc.oneof(fc.ipV4(), fc.ipV6()).filter(isUnicast);
  const port = fc.integer({ min: 1024, max: 65535 });

  it('leads to the same agreement on both sides', () => {
    const mirrored = {
      sendrecv: 'sendrecv',
      sendonly: 'recvonly',
      recvonly: 'sendonly',
      inactive: 'inactive',
    };
    const parts = fc.record({ address, port, codecs, telephoneEvent: fc.boolean(), direction });
    fc.assert(
      fc.property(parts, fc.record({ address, port, direction }), (offerer, answerer) => {
        const offer = createOffer({ sessionId: 1, version: 1, ...offerer });
        const here = answerOffer(offer, { sessionId: 2, version: 1, codecs: ALL_CODECS, ...answerer });
        const there = acceptAnswer(offer, here.sdp);
        expect(there.remote).toEqual({ address: answerer.address, port: answerer.port });
        expect(here.agreement.remote).toEqual({ address: offerer.address, port: offerer.port });
        expect(there.codec).toEqual(here.agreement.codec);
        const cheapest = offerer.codecs.find((name) => CODECS.includes(name)) ?? offerer.codecs[0];
        expect(here.agreement.codec.name).toBe(cheapest);
        expect(there.telephoneEvent).toEqual(here.agreement.telephoneEvent);
        expect(there.direction).toBe(mirrored[here.agreement.direction]);
        expect(there.rtcpMux).toBe(true);
      }),
    );
  });

  it('is answered with the same streams in the same order, one of them enabled', () => {
    const line = fc
      .tuple(
        fc.constantFrom('audio', 'video', 'image'),
        fc.constantFrom(0, 5000),
        fc.constantFrom('0', '8', '9 18'),
      )
      .map(([type, at, formats]) => `m=${type} ${at} RTP/AVP ${formats}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const usable = lines.filter((each) => /^m=audio 5000 RTP\/AVP [08]$/.test(each));
        if (usable.length === 0) {
          expect(codeOf(() => answer(offered(lines)))).toBe('not_acceptable');
          return;
        }
        const answered = answer(offered(lines)).sdp.match(/^m=(\w+) (\d+)/gm)!;
        const typeOf = (each: string) => each.split(' ')[0];
        expect(answered.map(typeOf)).toEqual(lines.map(typeOf));
        expect(answered.filter((each) => !each.endsWith(' 0'))).toEqual(['m=audio 40000']);
      }),
    );
  });

  it('of random bytes is refused with a Failure', () => {
    const garbled = fc.tuple(fc.nat(300), fc.string({ unit: 'binary' })).map(([at, noise]) => {
      const offer = offered(['m=audio 5000 RTP/AVP 0 8 101', 'a=rtpmap:101 telephone-event/8000']);
      return offer.slice(0, at) + noise + offer.slice(at + noise.length);
    });
    fc.assert(
      fc.property(fc.oneof(garbled, fc.string()), (text) => {
        expect(['no failure', 'invalid_sdp', 'not_acceptable']).toContain(codeOf(() => answer(text)));
      }),
    );
  });
});
