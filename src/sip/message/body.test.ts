import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, Headers, sdpOf, unsupportedBodyType } from './index.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n';
const TYPE = 'application/sdp';
const ISUP = 'application/isup;version=itu-t92+';

function message(contentType: string | undefined, body: string, more: [string, string][] = []) {
  const headers = new Headers(more);
  if (contentType !== undefined) headers.append('Content-Type', contentType);
  return { headers, body: Buffer.from(body, 'latin1') };
}

type Part = [type: string, content: string, ...fields: string[]];

const partOf = ([type, content, ...fields]: Part) =>
  [`Content-Type: ${type}`, ...fields, '', content].join('\r\n');

const multipart = (boundary: string, parts: Part[]) =>
  `${parts.map((part) => `--${boundary}\r\n${partOf(part)}\r\n`).join('')}--${boundary}--\r\n`;

const mixed = (...parts: Part[]) => message('multipart/mixed;boundary=b', multipart('b', parts));

describe('the session description of a message', () => {
  it.each<[string, string]>([
    ['with another Content-Type parameter', 'application/sdp;charset=utf-8'],
    ['in capitals', 'APPLICATION/SDP'],
    ['with spaces around the slash', 'application / sdp ; x=y'],
  ])('is found %s', (_what, type) => {
    expect(sdpOf(message(type, SDP))).toBe(SDP);
  });

  it('is recognized without a Content-Type, unlike other bodies', () => {
    expect(sdpOf(message(undefined, SDP))).toBe(SDP);
    expect(sdpOf(message(undefined, 'v=01'))).toBeUndefined();
    expect(sdpOf(message('text/plain', SDP))).toBeUndefined();
    expect(sdpOf(message(undefined, ''))).toBeUndefined();
  });

  it.each<[string, string, string]>([
    [
      'first',
      'multipart/mixed;boundary=b',
      multipart('b', [
        [TYPE, SDP],
        [ISUP, '\x01\x10\0'],
      ]),
    ],
    [
      'last',
      'multipart/mixed;boundary=b',
      multipart('b', [
        [ISUP, '\x01\x10\r\n\r\n--c'],
        [TYPE, SDP],
      ]),
    ],
    ['of a multipart type of any name', 'multipart/x-new;boundary=b', multipart('b', [[TYPE, SDP]])],
    [
      'with a quoted boundary',
      'Multipart/Mixed; boundary="a b=c:(d)?"',
      multipart('a b=c:(d)?', [[TYPE, SDP]]),
    ],
    ['with an escaped boundary', 'multipart/mixed;boundary="a\\"b"', multipart('a"b', [[TYPE, SDP]])],
    [
      'with an odd boundary',
      "multipart/mixed;boundary='+.*$^|_/=?,x",
      multipart("'+.*$^|_/=?,x", [[TYPE, SDP]]),
    ],
    ['with a boundary of dashes', 'multipart/mixed;boundary=----', multipart('----', [[TYPE, SDP]])],
    ['with no boundary named', 'multipart/mixed', multipart('uniqueBoundary', [[TYPE, SDP]])],
    ['with another boundary named', 'multipart/mixed;boundary=c', multipart('b', [[TYPE, SDP]])],
    [
      'with a preamble and an epilogue',
      'multipart/mixed;boundary=b',
      `ignore\r\n${multipart('b', [[TYPE, SDP]])}v=0\r\n`,
    ],
    [
      'with LF alone',
      'multipart/mixed;boundary=b',
      multipart('b', [
        [ISUP, 'x'],
        [TYPE, SDP],
      ]).replaceAll('\r', ''),
    ],
    [
      'with spaces after the delimiter',
      'multipart/mixed;boundary=b',
      multipart('b', [[TYPE, SDP]]).replaceAll('--b\r', '--b \t\r'),
    ],
    [
      'without a last delimiter',
      'multipart/mixed;boundary=b',
      multipart('b', [[TYPE, SDP]]).replace('\r\n--b--\r\n', ''),
    ],
    [
      'after a part without content',
      'multipart/mixed;boundary=b',
      `--b\r\n\r\n${multipart('b', [[TYPE, SDP]])}`,
    ],
    [
      'after a boundary that begins like it',
      'multipart/mixed;boundary=b',
      multipart('b', [
        [ISUP, '--bc\r\nx'],
        [TYPE, SDP],
      ]),
    ],
    ['in a part without header fields', 'multipart/mixed;boundary=b', `--b\r\n\r\n${SDP}\r\n--b--`],
    [
      'in base64',
      'multipart/mixed;boundary=b',
      multipart('b', [[TYPE, btoa(SDP), 'Content-Transfer-Encoding: BASE64']]),
    ],
    [
      'in quoted-printable',
      'multipart/mixed;boundary=b',
      multipart('b', [
        [
          TYPE,
          SDP.replace('=', '=3D').replace('IP4', 'IP=\r\n4'),
          'Content-Transfer-Encoding: quoted-printable',
        ],
      ]),
    ],
    [
      'in a part with compact and folded fields',
      'multipart/mixed;boundary=b',
      `--b\r\nc:\r\n ${TYPE}\r\n\r\n${SDP}\r\n--b--`,
    ],
    [
      'beside a location',
      'multipart/related;boundary=b',
      multipart('b', [
        ['application/pidf+xml', '<presence/>', 'Content-ID: <loc@x>'],
        [TYPE, SDP],
      ]),
    ],
  ])('is found in a multipart body: %s', (_what, type, body) => {
    expect(sdpOf(message(type, body))?.trimEnd().split(/\r?\n/)).toEqual(SDP.trimEnd().split('\r\n'));
  });

  it('keeps every byte of a part', () => {
    const octets = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    expect(
      bodyOf(mixed(['application/qsig', octets], [TYPE, SDP]), 'application/qsig')?.toString('latin1'),
    ).toBe(octets);
  });

  it('is found in nested multipart bodies up to the depth limit', () => {
    let [type, body] = [TYPE, SDP];
    for (let depth = 1; depth <= 8; depth++) {
      body = multipart(`b${depth}`, [
        ['text/plain', 'x'],
        [type, body],
      ]);
      type = `multipart/mixed;boundary=b${depth}`;
      expect(sdpOf(message(type, body)) !== undefined).toBe(depth <= 5);
    }
  });

  it('is the last of several alternatives, and the root of related parts', () => {
    const parts: Part[] = [
      [TYPE, `${SDP}a=one`, 'Content-ID: <one@x>'],
      [TYPE, `${SDP}a=two`, 'Content-ID: <two@x>'],
    ];
    const chosen = (type: string) => /a=(\w+)/.exec(sdpOf(message(type, multipart('b', parts)))!)?.[1];
    expect(chosen('multipart/mixed;boundary=b')).toBe('one');
    expect(chosen('multipart/alternative;boundary=b')).toBe('two');
    expect(chosen('multipart/related;boundary=b')).toBe('one');
    expect(chosen('multipart/related;boundary=b;start="<two@x>"')).toBe('two');
  });

  it('is not that of an early session', () => {
    const early: Part = [TYPE, `${SDP}a=early`, 'Content-Disposition: early-session'];
    expect(sdpOf(mixed(early, [TYPE, SDP]))).toBe(SDP);
    expect(sdpOf(mixed(early))).toBeUndefined();
  });
});

describe('an unsupported part of a body', () => {
  const disposed = (value: string): Part => [ISUP, 'x', `Content-Disposition: ${value}`];
  const judge = (body: Parameters<typeof unsupportedBodyType>[0]) => unsupportedBodyType(body, TYPE);

  it.each(['signal;handling=optional', 'signal ; Handling = "optional"', 'render'])(
    'is ignored beside the description when its disposition is %s',
    (value) => {
      expect(judge(mixed([TYPE, SDP], disposed(value)))).toBeUndefined();
    },
  );

  it('is refused if it is explicitly required', () => {
    expect(judge(mixed([TYPE, SDP], disposed('signal;handling=required')))).toBe('application/isup');
    expect(judge(mixed([TYPE, SDP, 'Content-Disposition: session;handling=required']))).toBeUndefined();
  });

  it('is refused if it is the only part, unless it is optional', () => {
    expect(judge(message('text/plain', 'x'))).toBe('text/plain');
    expect(
      judge(message('text/plain', 'x', [['Content-Disposition', 'render;handling=optional']])),
    ).toBeUndefined();
    expect(judge(mixed([ISUP, 'x']))).toBe('application/isup');
    expect(judge(mixed(disposed('signal;handling=optional')))).toBeUndefined();
    expect(judge(message('multipart/mixed;boundary=b', 'nothing'))).toBe('multipart/mixed');
    expect(judge(message(undefined, 'x'))).toMatch(/without Content-Type/);
    expect(judge(message(undefined, ''))).toBeUndefined();
  });

  it('is ignored among alternatives, and as a signature', () => {
    const required: Part = ['application/x', 'x', 'Content-Disposition: session;handling=required'];
    expect(
      judge(message('multipart/alternative;boundary=b', multipart('b', [[TYPE, SDP], required]))),
    ).toBeUndefined();
    const signature: Part = [
      'application/pkcs7-signature',
      'x',
      'Content-Disposition: attachment;handling=required',
    ];
    expect(
      judge(message('multipart/signed;boundary=b', multipart('b', [[TYPE, SDP], signature]))),
    ).toBeUndefined();
  });

  it('includes a compressed one', () => {
    expect(judge(message(TYPE, 'x', [['Content-Encoding', 'gzip']]))).toBe('application/sdp in gzip');
    expect(judge(message(TYPE, SDP, [['Content-Encoding', 'identity']]))).toBeUndefined();
  });
});

describe('a hostile multipart body', () => {
  it('is parsed in linear time without error', () => {
    const pieces = fc.constantFrom(
      '--b',
      '--b--',
      '\r\n',
      '\n',
      ' ',
      'a: b',
      SDP,
      'multipart/mixed;boundary=b',
      '--',
      'c:',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (all) => {
        const body = message('multipart/mixed;boundary=b', all.join(''));
        sdpOf(body);
        unsupportedBodyType(body, TYPE);
      }),
    );
    const start = process.cpuUsage();
    for (const text of ['--b\r\n', '\r\n', '--b', ' ', 'a:\r\n '])
      sdpOf(message('multipart/mixed;boundary=b', `--b\r\n${text.repeat(60_000 / text.length)}`));
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  });
});
