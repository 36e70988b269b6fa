import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRequest,
  createResponse,
  cseqOf,
  Headers,
  MAX_HEAD,
  parseMessage,
  reasonPhrase,
  type SipMessage,
  SipSyntaxError,
  serialize,
  setTopVia,
  toOf,
  topVia,
  validate,
} from './index.ts';

const INVITE = [
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport',
  'Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'Record-Route: <sip:192.0.2.1;lr>',
  'From: "Alice" <sip:alice@example.com>;tag=88sja8x',
  'To: <sip:bob@example.com>',
  'Call-ID: 987asjd97y7atg',
  'CSeq: 986759 INVITE',
  'Contact: <sip:alice@192.0.2.1>',
];
const bytes = (lines: string[], body = '') => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
const without = (name: string) => INVITE.filter((line) => !line.startsWith(`${name}:`));
const withField = (line: string) => [...without(line.split(':')[0]!), line];

function refusal(buffer: Buffer): SipSyntaxError {
  try {
    parseMessage(buffer);
  } catch (error) {
    if (error instanceof SipSyntaxError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('header fields', () => {
  it('match in any case and in their compact form', () => {
    const headers = new Headers([
      ['v', 'SIP/2.0/UDP a'],
      ['CALL-id', 'x'],
    ]);
    expect(headers.get('Via')).toBe('SIP/2.0/UDP a');
    expect(headers.get('i')).toBe('x');
    expect(headers.has('Subject')).toBe(false);
  });

  it('are split at commas only where the RFC allows lists, and never in quotes or angle brackets', () => {
    const headers = new Headers([
      ['Contact', '"Smith, A" <sip:a@x;m="1,2">, <sip:b,c@x>;q=1'],
      ['m', 'sip:d@x'],
      ['Subject', 'one, two'],
      ['Authorization', 'Digest a="b", c=d'],
      ['Allow', 'INVITE,ACK , ,BYE'],
    ]);
    expect(headers.all('Contact')).toEqual(['"Smith, A" <sip:a@x;m="1,2">', '<sip:b,c@x>;q=1', 'sip:d@x']);
    expect(headers.all('Subject')).toEqual(['one, two']);
    expect(headers.all('Authorization')).toHaveLength(1);
    expect(headers.all('Allow')).toEqual(['INVITE', 'ACK', 'BYE']);
  });

  it('keep their order when they are set, prepended and removed', () => {
    const headers = new Headers([
      ['A', '1'],
      ['B', '2'],
      ['a', '3'],
      ['C', '4'],
    ]);
    headers.set('A', ['5', '6']).prepend('D', '0').append('E', '7').remove('c').set('F', '8');
    expect([...headers].map(([name, value]) => name + value)).toEqual(['D0', 'A5', 'A6', 'B2', 'E7', 'F8']);
  });

  it('of a clone are independent', () => {
    const headers = new Headers([['A', '1']]);
    headers.clone().set('A', '2').append('B', '3');
    expect([...headers]).toEqual([['A', '1']]);
  });

  it.each([
    ['X-Name', 'a\r\nVia: evil'],
    ['X-Name', 'a\nb'],
    ['X Name', 'a'],
    ['', 'a'],
  ])('cannot be injected: %j: %j', (name, value) => {
    expect(() => new Headers().append(name, value)).toThrow(TypeError);
    expect(() => new Headers().set(name, value)).toThrow(TypeError);
  });
});

describe('a header field', () => {
  it('is parsed once, and again only after it has changed', () => {
    const { headers } = parseMessage(bytes(INVITE));
    const [to, via] = [toOf({ headers }), topVia({ headers })];
    expect(toOf({ headers })).toBe(to);
    headers.set('t', '<sip:carol@example.com>;tag=1');
    expect(toOf({ headers })).toMatchObject({ uri: 'sip:carol@example.com', tag: '1' });
    expect(topVia({ headers })).toBe(via);
    headers.prepend('Via', 'SIP/2.0/UDP 192.0.2.7');
    expect(topVia({ headers }).host).toBe('192.0.2.7');
    headers.remove('Via').append('v', 'SIP/2.0/UDP 192.0.2.8');
    expect(topVia({ headers }).host).toBe('192.0.2.8');
  });

  it('that is malformed fails at every use', () => {
    const { headers } = parseMessage(bytes(withField('CSeq: x INVITE')));
    expect(() => cseqOf({ headers })).toThrow(SipSyntaxError);
    expect(() => cseqOf({ headers })).toThrow(SipSyntaxError);
  });
});

describe('a message', () => {
  it('is parsed with its body and fields', () => {
    const message = parseMessage(bytes([...INVITE, 'Content-Type: a/b', 'l: 3'], 'abcdef'));
    expect(message).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:bob@example.com' });
    expect(message.body.toString()).toBe('abc');
    expect(validate(message)).toBeUndefined();
  });

  it('may end some of its lines with LF only', () => {
    const message = parseMessage(bytes([...INVITE, 'Subject: a\nX-Next: b']));
    expect(message.headers.get('Subject')).toBe('a');
    expect(message.headers.get('X-Next')).toBe('b');
  });

  it('may follow line ends, and extends to the end of the datagram without a Content-Length', () => {
    const message = parseMessage(Buffer.concat([Buffer.from('\r\n\r\n'), bytes(INVITE, 'abc')]));
    expect(message.body.toString()).toBe('abc');
  });

  it.each<[string, Buffer, number, RegExp]>([
    ['without an empty line', Buffer.from('OPTIONS sip:a SIP/2.0\r\nVia: x'), 400, /empty line/],
    ['of another version', bytes(['OPTIONS sip:a SIP/3.0', ...INVITE.slice(1)]), 505, /SIP\/3.0/],
    ['with a body that was cut off', bytes([...INVITE, 'Content-Length: 9'], 'abc'), 400, /9 bytes, but 3/],
    ['with a malformed length', bytes([...INVITE, 'Content-Length: 1e1'], 'abc'), 400, /not a number/],
    ['with two lengths', bytes([...INVITE, 'Content-Length: 1', 'l: 2'], 'abc'), 400, /several/],
    ['with a huge length', bytes([...INVITE, 'Content-Length: 999999'], 'abc'), 413, /longer than/],
    ['with too many fields', bytes([...INVITE, `X: ${'x'.repeat(MAX_HEAD)}`]), 513, /longer than/],
    ['with a line without colon', bytes([...INVITE, 'nonsense']), 400, /"nonsense"/],
    ['with a space in a name', bytes([...INVITE, 'a b: c']), 400, /malformed name/],
    ['with a lone CR', bytes([...INVITE, 'Subject: a\rb: c']), 400, /lone CR in Subject/],
  ])('%s is refused, and can be answered', (_what, buffer, status, sentence) => {
    const error = refusal(buffer);
    expect(error.status).toBe(status);
    expect(error.message).toMatch(sentence);
    if (buffer.includes('987asjd97y7atg')) {
      const response = createResponse(error.partial!, error.status, error.message);
      expect(response.headers.all('Via')).toHaveLength(2);
      expect(parseMessage(serialize(response))).toMatchObject({ kind: 'response', status });
    }
  });

  it.each([
    ['nothing', ''],
    ['only line ends', '\r\n\r\n\r\n'],
    ['a web request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ])('that is %s cannot be answered', (_what, text) => {
    expect(refusal(Buffer.from(text, 'latin1')).partial).toBeUndefined();
  });

  it.each([99, 700, 1000])('is not a response with status %i', (status) => {
    expect(refusal(bytes([`SIP/2.0 ${status} Odd`, ...INVITE.slice(1)])).partial).toBeUndefined();
  });

  it('does not allow line injection through its start-line', () => {
    const request = createRequest({ method: 'BYE', uri: 'sip:a SIP/2.0\r\nVia: evil' });
    expect(() => serialize(request)).toThrow(TypeError);
  });
});

describe('a parsed message', () => {
  const judge = (lines: string[], body = '') => validate(parseMessage(bytes(lines, body)));

  it.each(['Via', 'From', 'To', 'Call-ID', 'CSeq'])('without %s is refused with 400', (name) => {
    expect(judge(without(name))).toEqual({ status: 400, message: expect.stringContaining(name) });
  });

  it.each(['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards'])('with two %s is refused', (name) => {
    const line = INVITE.find((each) => each.startsWith(`${name}:`))!;
    expect(judge([...INVITE, line])?.message).toBe(`There is more than one ${name}`);
  });

  it.each([
    ['CSeq: 1 BYE', 400],
    ['CSeq: 2147483648 INVITE', 400],
    ['CSeq: one INVITE', 400],
    ['Max-Forwards: 256', 400],
    ['Max-Forwards: -1', 400],
    ['Via: SIP/2.0/UDP a b;branch=1', 400],
    ['Via: SIP/2.0/UDP [::1;branch=1', 400],
    ['Via: SIP/2.0/UDP a:99999;branch=1', 400],
    ['From: "Alice sip:a@x;tag=1', 400],
    ['To: <sip:a@x', 400],
    ['To: sip:a@x?Subject=b', 400],
    ['Call-ID: a b', 400],
    ['Contact: <>', 400],
    ['Record-Route: <sip:a@x', 400],
  ])('with %s is refused with %i', (line, status) => {
    expect(judge(withField(line))?.status).toBe(status);
  });

  it.each([
    ['mailto:a@x', 416],
    ['sip:', 400],
    ['sip::@', 400],
    ['sip:a@x:0x1', 400],
    ['sip:a@x?b=c', 400],
    ['sip:%zz@x', 400],
    ['<sip:a@x>', 400],
  ])('for %s is refused with %i', (uri, status) => {
    expect(judge([`INVITE ${uri} SIP/2.0`, ...INVITE.slice(1)])?.status).toBe(status);
  });

  it('may lack the fields that RFC 2543 did not have', () => {
    expect(judge(without('Max-Forwards'))).toBeUndefined();
    expect(judge(withField('Via: SIP/2.0/UDP 192.0.2.1'))).toBeUndefined();
  });
});

describe('a response', () => {
  const request = parseMessage(bytes(INVITE));

  it('180 has the fields of RFC 3261 §8.2.6 and §12.1.1', () => {
    const response = createResponse(request, 180, undefined, 'xyz');
    expect([...response.headers].map(([name]) => name)).toEqual([
      'Via',
      'Via',
      'Record-Route',
      'From',
      'To',
      'Call-ID',
      'CSeq',
    ]);
    expect(response.reason).toBe('Ringing');
    expect(toOf(response).tag).toBe('xyz');
    expect(cseqOf(response)).toEqual({ number: 986759, method: 'INVITE' });
  });

  it('100 has no tag and no Record-Route', () => {
    const response = createResponse(request, 100, undefined, 'xyz');
    expect(toOf(response).tag).toBeUndefined();
    expect(response.headers.has('Record-Route')).toBe(false);
  });

  it('keeps the tag of the request, but not one in the URI', () => {
    const tagged = { headers: request.headers.clone().set('To', '<sip:bob@x>;tag=old') };
    expect(toOf(createResponse(tagged, 200, undefined, 'new')).tag).toBe('old');
    const inUri = { headers: request.headers.clone().set('To', '<sip:bob@x;tag=no>') };
    expect(toOf(createResponse(inUri, 200, undefined, 'new')).tag).toBe('new');
  });

  it('has the reason phrase of its class if its own is unknown', () => {
    expect([reasonPhrase(486), reasonPhrase(499), reasonPhrase(299)]).toEqual([
      'Busy Here',
      'Bad Request',
      'OK',
    ]);
  });

  it('carries the changed top Via of the request', () => {
    const copy = { headers: request.headers.clone() };
    setTopVia(copy, { ...topVia(copy), received: '203.0.113.9', rport: '40001' });
    expect(copy.headers.all('Via')).toEqual([
      'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport=40001;received=203.0.113.9',
      'SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1',
    ]);
  });
});

describe('any message', () => {
  const name = fc
    .stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,20}$/)
    .filter((each) => !/^(l|content-length)$/i.test(each));
  const value = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,60}$/).map((text) => text.trim());
  const headers = fc.array(fc.tuple(name, value), { maxLength: 8 });
  const body = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
  const method = fc.constantFrom('INVITE', 'OPTIONS', 'X-odd');
  const uri = fc.constantFrom('sip:a@example.com', 'tel:+15551234567');
  const request = fc.record({ kind: fc.constant('request' as const), method, uri, headers, body });
  const status = fc.integer({ min: 100, max: 699 });
  const response = fc.record({
    kind: fc.constant('response' as const),
    status,
    reason: value,
    headers,
    body,
  });

  it('is unchanged after formatting and parsing', () => {
    fc.assert(
      fc.property(fc.oneof(request, response), (parts) => {
        const message = { ...parts, headers: new Headers(parts.headers) } as SipMessage;
        const again = parseMessage(serialize(message));
        const fields = [...message.headers, ['Content-Length', String(message.body.length)]];
        expect({ ...again, headers: [...again.headers] }).toEqual({ ...message, headers: fields });
      }),
    );
  });

  it('of random bytes is refused with a SipSyntaxError only', () => {
    const sound = bytes([...INVITE, 'Content-Type: application/sdp', 'Content-Length: 4'], 'v=0\n');
    const noise = fc.uint8Array({ maxLength: 40 });
    const spoiled = fc.tuple(fc.nat(sound.length), noise).map(([at, each]) => {
      const copy = Buffer.from(sound);
      copy.set(each.subarray(0, copy.length - at), at);
      return copy;
    });
    const lines = fc
      .array(
        fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each).toString('latin1')),
        { maxLength: 5 },
      )
      .map((each) => bytes(['INVITE sip:a SIP/2.0', ...each.map((line, at) => `${INVITE[at + 1]}${line}`)]));
    fc.assert(
      fc.property(
        fc.oneof(
          spoiled,
          lines,
          noise.map((each) => Buffer.from(each)),
        ),
        (buffer) => {
          try {
            validate(parseMessage(buffer));
          } catch (error) {
            if (!(error instanceof SipSyntaxError)) throw error;
            if (error.partial) serialize(createResponse(error.partial, error.status, error.message, 'tag'));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
