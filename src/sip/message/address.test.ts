import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../../contract/network-address.ts';
import {
  formatNameAddress,
  formatParams,
  formatUri,
  formatVia,
  parseMessage,
  parseNameAddress,
  parseParams,
  parseUri,
  parseVia,
  SipSyntaxError,
  userOf,
} from './index.ts';

const statusOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SipSyntaxError) return error.status;
    throw error;
  }
  return 'accepted';
};

describe('a URI', () => {
  it('is parsed into its parts', () => {
    expect(parseUri('SIPS:anna:s%3Acret@Example.com:5061;Transport=tls;lr?Subject=a%20b&Priority=')).toEqual({
      scheme: 'sips',
      user: 'anna',
      password: 's:cret',
      host: 'Example.com',
      port: 5061,
      params: new Map([
        ['transport', 'tls'],
        ['lr', ''],
      ]),
      headers: new Map([
        ['subject', 'a b'],
        ['priority', ''],
      ]),
    });
  });

  it('may have empty parameters', () => {
    expect(parseUri('sip:a@b;;ob;').params).toEqual(new Map([['ob', '']]));
  });

  it('may be an IPv6 address, or a telephone number', () => {
    expect(parseUri('sip:[2001:db8::1]:5070')).toMatchObject({
      host: '2001:db8::1',
      port: 5070,
      user: undefined,
    });
    const number = parseUri('tel:+1-201-555-0123;phone-context=example.com');
    expect(number).toMatchObject({ scheme: 'tel', user: '+1-201-555-0123', host: '' });
    expect(number.params.get('phone-context')).toBe('example.com');
  });

  it.each([
    ['sip:%E4%BD%A0%E5%A5%BD@example.com', 'sip:%E4%BD%A0%E5%A5%BD@example.com'],
    ['sip:a%2Bb;c=d@example.com', 'sip:a+b;c=d@example.com'],
    ['sip:a%3Ab@example.com', 'sip:a%3Ab@example.com'],
    ['tel:+15551234567;isub=12', 'tel:+15551234567;isub=12'],
    ['sip:[::1]:5060;transport=tcp', 'sip:[::1]:5060;transport=tcp'],
    ['sip:a@x?Replaces=1%3Bto-tag%3D2', 'sip:a@x?replaces=1%3Bto-tag%3D2'],
  ])('%s is written as %s', (text, written) => {
    expect(formatUri(parseUri(text))).toBe(written);
  });

  it.each<[string, 400 | 416]>([
    ['mailto:a@x', 416],
    ['http://x', 416],
    ['', 400],
    ['x', 400],
    ['sip:', 400],
    ['sip:a@', 400],
    ['sip:a@b@c', 400],
    ['sip:a b@c', 400],
    ['sip:a@b:65536', 400],
    ['sip:a@b:', 400],
    ['sip:a@[1.2.3.4]', 400],
    ['sip:a@b\r\nVia: c', 400],
    ['sip:%ff@b', 400],
    ['sip:é@b', 400],
    ['tel:', 400],
    ['tel:a b', 400],
  ])('%j is refused with %i', (text, status) => {
    expect(statusOf(() => parseUri(text))).toBe(status);
  });

  it.each([
    ['sip:a%2Bb@x', 'a+b'],
    ['tel:+1-555', '+1-555'],
    ['sip:@x', undefined],
    ['sip:x', undefined],
    ['sip:Jos\u00c3\u00a9:pw@x', 'José'],
    ['im:bob@x', 'bob'],
    ['sip:a b@x', undefined],
    ['nonsense', undefined],
  ])('%s has the user %s, even if malformed', (text, user) => {
    expect(userOf(text)).toBe(user);
  });

  it('is unchanged after formatting and parsing', () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((each) => each.isWellFormed());
    const map = fc
      .array(
        fc.tuple(
          word.map((each) => each.toLowerCase()),
          fc.oneof(fc.constant(''), word),
        ),
        { maxLength: 3 },
      )
      .map((each) => new Map(each));
    const uri = fc.record({
      scheme: fc.constantFrom('sip' as const, 'sips' as const),
      user: fc.option(word, { nil: undefined }),
      host: fc.oneof(
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map((each) => parseIpAddress(each)!),
      ),
      port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
      params: map,
      headers: map,
    });
    fc.assert(
      fc.property(uri, fc.option(word, { nil: undefined }), (parts, secret) => {
        const whole = { ...parts, password: parts.user === undefined ? undefined : secret };
        expect(parseUri(formatUri(whole))).toEqual(whole);
      }),
    );
  });
});

describe('a name-addr', () => {
  it.each([
    ['<sip:a@x>', undefined, 'sip:a@x', undefined],
    ['sip:a@x;tag=1', undefined, 'sip:a@x', '1'],
    ['<sip:a@x;tag=2>', undefined, 'sip:a@x;tag=2', undefined],
    ['Anna Maria  <sip:a@x>;tag=3', 'Anna Maria', 'sip:a@x', '3'],
    ['"a \\"b\\" <c>" <sip:a@x>;x="y;tag=4"', 'a "b" <c>', 'sip:a@x', undefined],
    ['"J\u00c3\u00b6rg"<sip:a@x> ; TAG = 5', 'Jörg', 'sip:a@x', '5'],
    ['*', undefined, '*', undefined],
    // As phones and carriers send them.
    ['ACME (Main) <sip:a@x>;tag=1', 'ACME (Main)', 'sip:a@x', '1'],
    ['Smith & Sons, Ltd. [2] <sip:a@x>', 'Smith & Sons, Ltd. [2]', 'sip:a@x', undefined],
    ['Jos\u00c3\u00a9 <sip:a@x>', 'José', 'sip:a@x', undefined],
    ['Jos\u00e9 <sip:a@x>', 'José', 'sip:a@x', undefined],
    ['"Sam\\" <sip:a@x>;tag=1', 'Sam', 'sip:a@x', '1'],
    ['Sam\\ <sip:a@x>', 'Sam\\', 'sip:a@x', undefined],
    ['"Sam <sip:a@x>', 'Sam', 'sip:a@x', undefined],
    ['Sam" <sip:a@x>', 'Sam', 'sip:a@x', undefined],
    ['""unknown"" <sip:a@x>', 'unknown', 'sip:a@x', undefined],
    ['"" <sip:a@x>', undefined, 'sip:a@x', undefined],
    ['"a" b <sip:a@x>', 'a" b', 'sip:a@x', undefined],
    ['a <b <sip:a@x>', 'a <b', 'sip:a@x', undefined],
    ['< sip:a@x >;tag=1', undefined, 'sip:a@x', '1'],
    ['Desk <sip:Front Desk@x>;tag=1', 'Desk', 'sip:Front%20Desk@x', '1'],
    ['<sip:a@x>;', undefined, 'sip:a@x', undefined],
    ['<sip:a@x>;;tag=1;=2;x', undefined, 'sip:a@x', '1'],
    ['sip:a@x;tag=1 ; y = z', undefined, 'sip:a@x', '1'],
  ])('%s is read', (text, displayName, uri, tag) => {
    expect(parseNameAddress(text)).toMatchObject({ displayName, uri, tag });
  });

  it.each(['', '<sip:a@x', 'sip:a@x>', '"a sip:a@x', '<sip:a@x> y', '<sip:a"b@x>', 'a <> b'])(
    '%j is refused',
    (text) => {
      expect(statusOf(() => parseNameAddress(text))).toBe(400);
    },
  );

  it('is unchanged after formatting and parsing, with any name', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((each) => each.isWellFormed());
    fc.assert(
      fc.property(text, text, (name, value) => {
        const params = new Map([['x', value.replace(/[^ -~]/g, '')]]);
        const written = formatNameAddress({ displayName: name, uri: 'sip:a@x', tag: 't', params });
        const read = parseNameAddress(written);
        expect(read.displayName ?? '').toBe(name);
        expect(read).toMatchObject({ uri: 'sip:a@x', tag: 't' });
        expect(read.params.get('x')).toBe(params.get('x'));
      }),
    );
  });
});

describe('a hostile value', () => {
  const many = 16_000;
  it.each<[string, (text: string) => unknown, string]>([
    ['spaces in a name', parseNameAddress, `a${' '.repeat(many)}b`],
    ['words in a name', parseNameAddress, `${'a '.repeat(many / 2)}`],
    ['escapes in an open quote', parseNameAddress, `"${'\\"'.repeat(many / 2)}`],
    ['parameters', parseNameAddress, `<a"b>${' ;x'.repeat(many / 3)}=`],
    ['spaces in a parameter', parseNameAddress, `<a ;x${' '.repeat(many)}y`],
    ['open brackets', parseNameAddress, '<'.repeat(many)],
    ['spaces in a Via', parseVia, `SIP/2.0/UDP a${' '.repeat(many)}b`],
    ['spaces after a port', parseVia, `SIP/2.0/UDP a:1${' '.repeat(many)}b`],
    [
      'spaces in a field',
      (text) => parseMessage(Buffer.from(text)),
      `A sip:b SIP/2.0\r\nC:${' '.repeat(many)}\n`,
    ],
    [
      'folds',
      (text) => parseMessage(Buffer.from(text)),
      `A sip:b SIP/2.0\r\nC: d${'\r\n '.repeat(many / 3)}`,
    ],
    ['colons in a URI', parseUri, `sip:${':'.repeat(many)}`],
    ['semicolons in a URI', parseUri, `sip:a${';'.repeat(many)}?@`],
  ])('with many %s is refused in linear time', (_what, read, text) => {
    // On a busy machine some attempts may be slow, but not all.
    const tries = Array.from({ length: 3 }, () => {
      const start = process.cpuUsage();
      expect(statusOf(() => read(text))).toBe(400);
      return process.cpuUsage(start).user / 1000;
    });
    expect(Math.min(...tries)).toBeLessThan(100);
  });
});

describe('a Via', () => {
  it('is parsed, including spaces', () => {
    expect(parseVia('SIP / 2.0 / udp [2001:db8::9]:5070 ;branch=z9hG4bK1; received=::1;rport')).toMatchObject(
      {
        protocol: 'SIP/2.0',
        transport: 'UDP',
        host: '2001:db8::9',
        port: 5070,
        branch: 'z9hG4bK1',
        received: '::1',
        rport: '',
      },
    );
  });

  it('is formatted', () => {
    for (const text of [
      'SIP/2.0/TLS a.example;branch=z9hG4bK1',
      'SIP/2.0/UDP [::1]:5060;branch=x;rport=1;ttl=2',
    ]) {
      expect(formatVia(parseVia(text))).toBe(text);
    }
    expect(formatVia({ transport: 'TCP', host: '192.0.2.1', branch: 'z9hG4bK2', rport: '' })).toBe(
      'SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK2;rport',
    );
  });

  it.each(['', 'SIP/2.0/UDP', 'SIP/2.0 UDP a', 'SIP/2.0/UDP a;;', 'SIP/2.0/UDP a:x', 'SIP/2.0/UDP a b'])(
    '%j is refused',
    (text) => {
      expect(statusOf(() => parseVia(text))).toBe(400);
    },
  );
});

describe('parameters', () => {
  it('are unquoted when parsed, and quoted where needed when formatted', () => {
    const params = parseParams(';a=1 ; B="x;\\"y" ;c;a=2');
    expect([...params]).toEqual([
      ['a', '1'],
      ['b', 'x;"y'],
      ['c', ''],
    ]);
    expect(formatParams(params)).toBe(';a=1;b="x;\\"y";c');
  });
});
