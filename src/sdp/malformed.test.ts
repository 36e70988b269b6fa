import { describe, expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import { acceptAnswer, answerOffer, type CodecName, createOffer, PayloadTypes } from './index.ts';

const LOCAL = { address: '198.51.100.7', port: 40000, sessionId: 77, version: 1 };
const CODECS: CodecName[] = ['PCMU', 'PCMA', 'G722', 'opus'];
const USUAL = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=-',
  'c=IN IP4 192.0.2.1',
  't=0 0',
  'm=audio 5000 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
];

const text = (lines: string[], end = '\r\n') => lines.map((line) => line + end).join('');
/** The usual description with one line replaced. */
const changed = (line: string, of = line.slice(0, 2)) =>
  text(USUAL.map((each) => (each.startsWith(of) ? line : each)));
const without = (...kinds: string[]) =>
  text(USUAL.filter((line) => !kinds.some((kind) => line.startsWith(kind))));
const added = (...lines: string[]) => text([...USUAL, ...lines]);

const answer = (offer: string, srtpKey?: string) => answerOffer(offer, { ...LOCAL, codecs: CODECS, srtpKey });
const ourOffer = createOffer({ ...LOCAL, codecs: CODECS, telephoneEvent: true, direction: 'sendrecv' });

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** Checks every line against the grammar of RFC 8866 §9. */
function expectStrict(sdp: string): void {
  expect(sdp).toMatch(/^v=0\r\no=minivoice \d+ \d+ IN IP[46] \S+\r\ns=-\r\nc=IN IP[46] \S+\r\nt=0 0\r\n/);
  for (const line of sdp.split('\r\n').slice(0, -1)) {
    expect(line).toMatch(/^[a-z]=\S(.*\S)?$/);
    if (line.startsWith('m=')) expect(line).toMatch(/^m=[\w-]+ \d{1,5} [\w/.-]+( [\w*.-]+)+$/);
  }
}

describe('a minor error is accepted in an offer and in an answer', () => {
  test.each<[string, string]>([
    ['a space after v=0', changed('v=0 ')],
    ['HTAB after v=0', changed('v=0\t')],
    ['a byte order mark', `\uFEFF${text(USUAL)}`],
    ['no v= line', without('v=')],
    ['an unreadable v= line', changed('v=')],
    ['no o= line', without('o=')],
    ['no o=, s= and t= lines', without('o=', 's=', 't=')],
    ['an empty s= line', changed('s=')],
    ['an odd t= line', changed('t=now')],
    ['a user name with a space', changed('o=Front Desk 1 1 IN IP4 127.0.0.1')],
    ['a hexadecimal session id', changed('o=- 8f3a 1 IN IP4 127.0.0.1')],
    ['negative ids', changed('o=- -1 -1 IN IP4 127.0.0.1')],
    ['huge ids', changed(`o=- ${'9'.repeat(60)} ${'9'.repeat(60)} IN IP4 127.0.0.1`)],
    ['an o= line of one word', changed('o=me')],
    ['an o= line with a host name', changed('o=- 1 1 IN IP4 pbx.example')],
    ['a space after the c= line', changed('c=IN IP4 192.0.2.1 ')],
    ['HTAB in the c= line', changed('c=IN\tIP4\t192.0.2.1\t')],
    ['a c= line in lower case', changed('c=in ip4 192.0.2.1')],
    ['a unicast address with a length', changed('c=IN IP4 192.0.2.1/127')],
    ['an IPv4 address that is called IPv6', changed('c=IN IP6 192.0.2.1')],
    ['two spaces between formats', changed('m=audio 5000 RTP/AVP 0  101 ')],
    ['a c= line with IPv4', changed('c=IN IPv4 192.0.2.1')],
    ['HTAB between fields', changed('m=audio\t5000\tRTP/AVP\t0\t101')],
    ['a number of ports', changed('m=audio 5000/2 RTP/AVP 0 101')],
    ['a media type in upper case', changed('m=AUDIO 5000 rtp/avp 0 101')],
    ['formats that are no payload types', changed('m=audio 5000 RTP/AVP x 0 200 101')],
    ['a format twice', changed('m=audio 5000 RTP/AVP 0 0 101 101')],
    ['spaces in an rtpmap', changed('a=rtpmap: 0  pcmu / 8000 ', 'a=rtpmap:0')],
    ['an rtpmap without clock', changed('a=rtpmap:0 PCMU', 'a=rtpmap:0')],
    ['an rtpmap with channels', changed('a=rtpmap:0 PCMU/8000/1', 'a=rtpmap:0')],
    ['a broken rtpmap of a static type', changed('a=rtpmap:0', 'a=rtpmap:0')],
    ['no rtpmap for a static type', without('a=rtpmap:0')],
    ['upper case attributes', changed('A=RTPMAP:101 Telephone-Event/8000', 'a=rtpmap:101')],
    ['an rtpmap without format', added('a=rtpmap:97', 'a=rtpmap:98 iLBC / 8000', 'a=rtpmap:')],
    ['odd attributes', added('a=', 'a=:', 'a=fmtp:', 'a=fmtp:x', 'a=ptime:', 'a=ptime:x', 'a=maxptime:-1')],
    ['odd RTCP attributes', added('a=rtcp:', 'a=rtcp:x', 'a=rtcp:99999', 'a=rtcp:-1 IN IP4')],
    [
      'broken crypto and candidate lines',
      added('a=crypto:', 'a=crypto:1 X', 'a=candidate:', 'a=candidate:1'),
    ],
    ['invalid lines', added('hello', '=', 'a', '  ', 'X-Header: yes', '\u00e9=1')],
    [
      'spaces before lines and around the equals sign',
      text(USUAL.map((line) => ` ${line.replace('=', ' = ')}`)),
    ],
    ['bare line feeds', text(USUAL, '\n')],
    ['bare carriage returns', text(USUAL, '\r')],
    ['mixed line ends', USUAL.map((line, at) => line + ['\r\n', '\n', '\n\r', '\r\r\n'][at % 4]).join('')],
    ['no line end at the end', text(USUAL).trimEnd()],
    ['a NUL after the last line', `${text(USUAL)}\0`],
    ['NUL and spaces after the last line', `${text(USUAL)} \0\0 \t\r\n\0`],
    ['a NUL at the end of a line', changed('s=-\0')],
    ['attributes before their rtpmap', text([...USUAL.slice(0, 6), ...USUAL.slice(6).reverse()])],
    ['attributes before the m= line', text([...USUAL.slice(0, 5), ...USUAL.slice(6), USUAL[5]!])],
    [
      'session lines after the m= line',
      text([...USUAL.slice(3), 'v=0', 'o=x', 's=', 't=', 'u=', 'b=', 'k=']),
    ],
    [
      'the c= line of the stream only',
      text([...USUAL.filter((l) => !l.startsWith('c=')), 'c=IN IP4 192.0.2.1']),
    ],
    ['a broken c= line of the session', text(['v=0', 'c=IN', ...USUAL.slice(4), 'c=IN IP4 192.0.2.1'])],
    ['a video line without format', added('m=video 0 RTP/SAVPF')],
    ['an unknown line without format', added('m=application 9 TCP/MRCPv2')],
    [
      'other lines that cannot be read',
      added('m=', 'm=video', 'm=video x', 'm=video 99999 RTP/AVP 31', 'm=a;b 1 c,d e'),
    ],
    ['a broken c= line of another stream', added('m=video 0 RTP/AVP 31', 'c=IN')],
    ['AVPF', changed('m=audio 5000 RTP/AVPF 0 101')],
    ['an unknown profile', changed('m=audio 5000 RTP/XYZ 0 101')],
    ['port 65535', changed('m=audio 65535 RTP/AVP 0 101')],
  ])('%s', (_what, description) => {
    const port = description.includes('65535') ? 65_535 : 5000;
    const expected = {
      remote: { address: '192.0.2.1', port },
      codec: { name: 'PCMU', payloadType: 0 },
      telephoneEvent: { payloadType: 101 },
      direction: 'sendrecv',
    };
    const { sdp, agreement } = answer(description);
    expect(agreement).toMatchObject(expected);
    expectStrict(sdp);
    const streams = description.split(/[\r\n]+/).filter((line) => /^\s*m\s*=/i.test(line));
    expect(sdp.match(/^m=/gm)).toHaveLength(streams.length);
    expect(acceptAnswer(ourOffer, description)).toMatchObject(expected);
  });

  test.each<[string, CodecName, number, string]>([
    ['opus/48000/1', 'opus', 96, 'opus/48000/2'],
    ['OPUS/48000', 'opus', 96, 'opus/48000/2'],
    ['G722/16000', 'G722', 96, 'G722/8000'],
    ['g722/8000/1', 'G722', 96, 'G722/8000'],
    ['pcma/8000', 'PCMA', 96, 'PCMA/8000'],
  ])('the encoding %s', (encoding, name, payloadType, ours) => {
    const offer = text([...USUAL.slice(0, 5), 'm=audio 5000 RTP/AVP 96', `a=rtpmap:96 ${encoding}`]);
    const { sdp, agreement } = answer(offer);
    expect(agreement.codec).toEqual({ name, payloadType });
    expect(sdp).toContain(`a=rtpmap:96 ${ours}\r\n`);
  });
});

test.each<[string, string, object | null]>([
  ['G.722', '9', { payloadType: 101, clockRate: 16_000 }],
  ['PCMU', '0', null],
])('accepts telephone events at 16 kHz with %s', (_what, type, telephoneEvent) => {
  const media = [`m=audio 5000 RTP/AVP ${type} 101`, 'a=rtpmap:101 telephone-event/16000'];
  const { sdp, agreement } = answer(text([...USUAL.slice(0, 5), ...media]));
  expect(agreement.telephoneEvent).toEqual(telephoneEvent);
  expect(sdp.includes('a=rtpmap:101 telephone-event/16000\r\n')).toBe(telephoneEvent !== null);
});

test('accepts an IPv6 address in brackets', () => {
  expect(answer(changed('c=IN IP6 [2001:db8::1]')).agreement.remote.address).toBe('2001:db8::1');
});

test.each<[string, string[]]>([
  ['has no rtpmap', ['m=audio 5000 RTP/AVP 111 101']],
  ['has rtpmaps that cannot be read', ['m=audio 5000 RTP/AVP 111 101', 'a=rtpmap:111', 'a=rtpmap:101 x']],
])('keeps the payload types of our offer if the answer %s', (_what, media) => {
  const agreement = acceptAnswer(ourOffer, text([...USUAL.slice(0, 5), ...media]));
  expect(agreement.codec).toEqual({ name: 'opus', payloadType: 111 });
  expect(agreement.telephoneEvent).toEqual({ payloadType: 101 });
});

test('keeps the payload types of an earlier offer for a later one', () => {
  const payloadTypes = new PayloadTypes();
  const local = { ...LOCAL, codecs: CODECS, payloadTypes };
  answerOffer(changed('a=rtpmap:96 telephone-event/8000', 'a=rtpmap:101').replace('0 101', '0 96'), local);
  const later = answerOffer(without('a=').replace('0 101', '0 96'), local);
  expect(later.agreement.telephoneEvent).toEqual({ payloadType: 96 });
  expect(later.sdp).toContain('a=rtpmap:96 telephone-event/8000\r\n');
});

test('answers with the profile of the offer', () => {
  expect(answer(changed('m=audio 5000 RTP/AVPF 0')).sdp).toContain('m=audio 40000 RTP/AVPF 0\r\n');
});

test('accepts RTP/SAVPF with a key', () => {
  const key = 'A'.repeat(40);
  const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
  const offer = text([...USUAL, crypto]).replace('RTP/AVP', 'RTP/SAVPF');
  const { sdp, agreement } = answer(offer, 'B'.repeat(40));
  expect(sdp).toContain('m=audio 40000 RTP/SAVPF 0 101\r\n');
  expect(agreement.srtp).toEqual({ send: 'B'.repeat(40), receive: key });
});

test.each(['UDP/TLS/RTP/SAVPF', 'RTP/SAVP', 'RTP/XYZ', 'TCP/RTP/AVP'])(
  'prefers a stream that is supported to one of %s',
  (profile) => {
    const { sdp, agreement } = answer(
      text([...USUAL.slice(0, 5), `m=audio 4000 ${profile} 0 101`, ...USUAL.slice(5)]),
    );
    expect(agreement.remote.port).toBe(5000);
    expect(sdp).toContain(`m=audio 0 ${profile} 0 101\r\nm=audio 40000 RTP/AVP 0 101\r\n`);
  },
);

test('uses the next audio stream if the address of the first one is unusable', () => {
  const first = ['m=audio 4000 RTP/AVP 0', 'c=IN IP4 media.example'];
  expect(answer(text([...USUAL.slice(0, 5), ...first, ...USUAL.slice(5)])).agreement.remote.port).toBe(5000);
});

test('adds a format to a refused stream without one', () => {
  const { sdp } = answer(added('m=video 0 RTP/SAVPF', 'm=application 9 TCP/MRCPv2'));
  expect(sdp).toContain('m=video 0 RTP/SAVPF 0\r\nm=application 0 TCP/MRCPv2 *\r\n');
});

test.each<[string, string[]]>([
  ['refused', ['m=video 0 RTP/AVP 96']],
  ['in use', ['m=video 6002 RTP/AVP 96', 'a=rtpmap:96 VP8/90000']],
  ['refused, without format', ['m=image 0 udptl', 'm=audio 0 RTP/AVP']],
])('ignores streams of an answer that were not offered: %s', (_what, more) => {
  expect(acceptAnswer(ourOffer, added(...more)).remote.port).toBe(5000);
});

test('finds the audio of an answer that omits refused streams', () => {
  const { sdp } = answer(text([...USUAL.slice(0, 5), 'm=video 4000 RTP/AVP 31', ...USUAL.slice(5)]));
  const parts = { ...LOCAL, previous: sdp, codecs: CODECS, telephoneEvent: true } as const;
  expect(acceptAnswer(createOffer({ ...parts, direction: 'sendrecv' }), text(USUAL)).remote.port).toBe(5000);
});

test('receives the static payload types of our offer that an answer omits', () => {
  const { codec, receives } = acceptAnswer(ourOffer, changed('m=audio 5000 RTP/AVP 8'));
  expect(codec).toEqual({ name: 'PCMA', payloadType: 8 });
  expect(receives.codecs.map(({ name }) => name)).toEqual(['PCMA', 'PCMU', 'G722']);
});

describe('the message of an error quotes the line', () => {
  test.each<[string, string, string, string]>([
    ['port 65536', changed('m=audio 65536 RTP/AVP 0'), 'invalid_sdp', 'm=audio 65536 RTP/AVP 0'],
    ['port 99999', changed('m=audio 99999 RTP/AVP 0'), 'invalid_sdp', 'm=audio 99999 RTP/AVP 0'],
    ['a negative port', changed('m=audio -1 RTP/AVP 0'), 'invalid_sdp', 'm=audio -1 RTP/AVP 0'],
    [
      'a port that is not a number',
      changed('m=audio five RTP/AVP 0'),
      'invalid_sdp',
      'm=audio five RTP/AVP 0',
    ],
    ['no port', changed('m=audio'), 'invalid_sdp', 'm=audio'],
    ['no profile', changed('m=audio 5000'), 'invalid_sdp', 'm=audio 5000'],
    ['no format', changed('m=audio 5000 RTP/AVP'), 'invalid_sdp', 'm=audio 5000 RTP/AVP'],
    ['port 0', changed('m=audio 0 RTP/AVP 0'), 'not_acceptable', 'm=audio 0 RTP/AVP 0'],
    ['a malformed address', changed('c=IN IP4'), 'invalid_sdp', 'c=IN IP4'],
    ['no address', without('c='), 'invalid_sdp', 'm=audio 5000 RTP/AVP 0 101'],
    ['a host name', changed('c=IN IP4 pbx.example'), 'not_acceptable', 'pbx.example'],
    ['a multicast address', changed('c=IN IP4 224.2.1.1/127'), 'not_acceptable', '224.2.1.1/127'],
    [
      'a broken rtpmap of the only format',
      text([...USUAL.slice(0, 5), 'm=audio 5000 RTP/AVP 96', 'a=rtpmap:96']),
      'invalid_sdp',
      'a=rtpmap:96',
    ],
    ['other codecs', changed('m=audio 5000 RTP/AVP 18'), 'not_acceptable', 'm=audio 5000 RTP/AVP 18'],
    ['other keys', changed('m=audio 5000 RTP/SAVP 0'), 'not_acceptable', 'm=audio 5000 RTP/SAVP 0'],
    ['no audio', changed('m=video 5000 RTP/AVP 31'), 'not_acceptable', 'm=audio'],
    ['another version', changed('v=1'), 'invalid_sdp', 'v=1'],
  ])('%s', (_what, offer, code, line) => {
    const failure = failureOf(() => answer(offer));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(line);
    expect(failure.message).toMatch(/^[\x20-\x7e]+$/);
  });

  test.each<[string, string]>([
    ['attributes of the session', `${'a=rtpmap\n'.repeat(6000)}${'m=audio 4000 RTP/AVP 96\n'.repeat(256)}`],
    ['attributes of a stream', `m=audio 4000 RTP/AVP 96\n${'a=rtpmap:97 x/1\n'.repeat(4000)}`],
    ['formats', `m=audio 4000 RTP/AVP ${'96 '.repeat(20_000)}`],
  ])('a description of endless %s is refused', (_what, offer) => {
    expect(['invalid_sdp', 'not_acceptable']).toContain(failureOf(() => answer(offer)).code);
  });

  test('a description of endless streams is refused', () => {
    expect(failureOf(() => answer('m=\n'.repeat(20_000))).code).toBe('invalid_sdp');
  });
});

describe('a hold by address (RFC 3264 §8.4)', () => {
  test.each([
    'IN IP4 0.0.0.0',
    'IN IP6 ::',
    'IN IP6 0:0:0:0:0:0:0:0',
    'IN IP6 ::0.0.0.0',
    'IN IP6 ::ffff:0.0.0.0',
    'IN IP4 0.0.0.0/127',
    'IN IP6 hold.invalid',
  ])('%s sends nothing', (connection) => {
    for (const [attribute, direction] of [
      [undefined, 'recvonly'],
      ['a=sendrecv', 'recvonly'],
      ['a=sendonly', 'recvonly'],
      ['a=inactive', 'inactive'],
      ['a=recvonly', 'inactive'],
    ] as const) {
      const offer = `${changed(`c=${connection}`)}${attribute ? `${attribute}\r\n` : ''}`;
      const { sdp, agreement } = answer(offer);
      expect(agreement).toMatchObject({ direction, remote: { port: 0 } });
      expect(sdp).toContain(`m=audio 40000 RTP/AVP 0 101\r\n`);
      expect(sdp).toContain(`a=${direction}\r\n`);
      expect(acceptAnswer(ourOffer, offer)).toMatchObject({ direction, remote: { port: 0 } });
    }
  });
});
