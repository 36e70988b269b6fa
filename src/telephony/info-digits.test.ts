import { describe, expect, test } from 'vitest';
import { createRequest } from '../sip/index.ts';
import { takeInfo } from './info-digits.ts';

function take(type: string | undefined, body: string) {
  const request = createRequest({ method: 'INFO', uri: 'sip:us@10.0.0.1', body });
  if (type !== undefined) request.headers.append('Content-Type', type);
  const digits: { digit: string; durationMs: number }[] = [];
  const reply = takeInfo(request, (digit) => digits.push(digit));
  return {
    status: reply.status,
    digits: digits.map(({ digit }) => digit).join(''),
    durations: digits,
    reply,
  };
}

const RELAY = 'application/dtmf-relay';
const PLAIN = 'application/dtmf';

describe('an INFO with a key', () => {
  test.each([
    [RELAY, 'Signal=5\r\nDuration=160\r\n', '5'],
    [RELAY, 'Signal= 5\r\nDuration= 160', '5'],
    [RELAY, 'signal = 5\nduration = 160\n', '5'],
    [RELAY, '  SIGNAL=5', '5'],
    [RELAY, '\r\nDuration=100\r\nSignal=5\r\n', '5'],
    [RELAY, 'Signal=5\rDuration=160\r', '5'],
    [RELAY, 'Signal="5"\r\nDuration="160"\r\n', '5'],
    [RELAY, 'Signal: 5\r\n', '5'],
    [RELAY, 'Signal=*\r\nDuration=160', '*'],
    [RELAY, 'Signal=#\r\nDuration=160', '#'],
    [RELAY, 'Signal=10\r\nDuration=160', '*'],
    [RELAY, 'Signal=11\r\nDuration=160', '#'],
    [RELAY, 'Signal=12\r\n', 'A'],
    [RELAY, 'Signal=15\r\n', 'D'],
    [RELAY, 'Signal=05\r\n', '5'],
    [RELAY, 'Signal=a\r\nDuration=soon\r\n', 'A'],
    [RELAY, 'Signal=D\r\nVolume=10\r\nX=y\r\n', 'D'],
    [RELAY, 'Signal=5\r\n\r\nSignal=6\r\n', '5'],
    [RELAY, '5', '5'],
    ['Application/DTMF-Relay ; charset=utf-8', 'Signal=5', '5'],
    [PLAIN, '5', '5'],
    [PLAIN, ' 5 \r\n', '5'],
    [PLAIN, '*', '*'],
    [PLAIN, '#\r\n', '#'],
    [PLAIN, '11', '#'],
    [PLAIN, 'b', 'B'],
    [PLAIN, 'Signal=5\r\nDuration=160\r\n', '5'],
    ['APPLICATION/DTMF', '0', '0'],
  ])('of %s %j is one press', (type, body, digit) => {
    expect(take(type, body)).toMatchObject({ status: 200, digits: digit });
  });

  test('in a multipart body is one press', () => {
    const part = (type: string, content: string) => `--b\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
    const body = `${part(RELAY, 'Signal=7\r\nDuration=250')}--b\r\nContent-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n\r\nhello\r\n--b--\r\n`;
    expect(take('multipart/mixed;boundary=b', body)).toMatchObject({ status: 200, digits: '7' });
  });

  test.each([
    ['160', 160],
    [' 250 ', 250],
    ['', 160],
    ['-1', 160],
    ['99999999999', 5000],
  ])('has the duration %j', (duration, durationMs) => {
    expect(take(RELAY, `Signal=1\r\nDuration=${duration}\r\n`).durations).toEqual([
      { digit: '1', durationMs },
    ]);
  });
});

describe('an INFO without a key', () => {
  test.each(['text/plain', 'application/media_control+xml', 'application/isup', undefined])(
    'of type %s gets 415 with the accepted types',
    (type) => {
      const { status, digits, reply } = take(type, 'Signal=5');
      expect([status, digits]).toEqual([415, '']);
      expect([...reply.headers!]).toContainEqual(['Accept', 'application/dtmf-relay, application/dtmf']);
    },
  );

  test.each(['Signal=16', 'Signal=hf', 'Signal=!', 'Signal=flash'])(
    'but with a flash (%s) gets 200',
    (body) => {
      expect(take(RELAY, body)).toMatchObject({ status: 200, digits: '' });
    },
  );

  test.each(['Signal=', 'Signal=17', 'Signal=x', 'Signal=55', 'Duration=160', '\r\n', 'Signal=\u0000'])(
    '%j gets 400',
    (body) => {
      expect(take(RELAY, body)).toMatchObject({ status: 400, digits: '' });
    },
  );

  test('and without a body gets 200', () => {
    expect(take(undefined, '')).toMatchObject({ status: 200, digits: '' });
  });
});
