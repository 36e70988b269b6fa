import { describe, expect, it, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { SensitiveCalls } from './privacy.ts';
import { SensitiveValues } from './sensitive-values.ts';

const CARD = '4111111111111111';

function values(...all: string[]): SensitiveValues {
  const sensitive = new SensitiveValues();
  for (const value of all) sensitive.add(value);
  return sensitive;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const percent = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
const escaped = (text: string) => [...text].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('');
const entities = (text: string) => [...text].map((c) => `&#${c.charCodeAt(0)};`).join('');

describe.each(['48213', '9071', CARD, '0000#*1'])('%s', (value) => {
  it.each<[string, string]>([
    ['as plain text', `pin=${value}`],
    ['as JSON', JSON.stringify({ got: value })],
    ['inside other digits', `99${value}77`],
    ['URL-encoded', `https://app.test/?pin=${encodeURIComponent(value)}`],
    ['percent-encoded', `Location: /?pin=${percent(value)}`],
    ['percent-encoded twice', `Location: /?pin=${percent(percent(value))}`],
    ['JSON-escaped', `{"pin":"${escaped(value)}"}`],
    ['JSON-escaped twice', JSON.stringify(`{"pin":"${escaped(value)}"}`)],
    ['as HTML entities', `<b>${entities(value)}</b>`],
    ['spaced', [...value].join(' ')],
    ['with dashes', [...value].join('-')],
    ['in groups of four', value.replace(/(.{4})/g, '$1 ')],
    ['as a list of JSON', JSON.stringify([...value])],
    ['as a list of JSON with spaces', JSON.stringify([...value], null, 1)],
    ['spaced and URL-encoded', encodeURIComponent([...value].join(' '))],
    ['in base64', base64(value)],
    ['in base64url without padding', base64(value).replaceAll('=', '')],
    ['inside base64, one octet in', base64(`x${value}y`)],
    ['inside base64, two octets in', base64(`xx${value}`)],
    ['inside base64 of JSON', base64(JSON.stringify({ user: 'ann', pin: value }))],
    ['in hex', Buffer.from(value).toString('hex')],
  ])('is masked %s', (_, text) => {
    const masked = values(value).mask(text);
    expect(masked).toHaveLength(text.length);
    expect(decodings(masked).some((each) => each.includes(value))).toBe(false);
    expect(values(value).isIn(text)).toBe(true);
  });

  it.each<[string, string]>([
    ['in a JSON string, as an indented list', JSON.stringify(JSON.stringify([...value], null, 1))],
    ['in a JSON string, separated by \\t', JSON.stringify([...value].join('\t'))],
    ['with invisible characters', [...value].join('\u200b')],
    ['in full-width digits', value.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))],
  ])('is masked %s', (_, text) => {
    expect(values(value).mask(text)).toMatch(/^[^\d\uff10-\uff19#A-D]*$/);
  });

  it('is masked where a text is cut', () => {
    expect(values(value).mask(`pin=${value.slice(0, -1)}`)).not.toContain(value.slice(0, 3));
  });
});

/** The texts that a reader who knows the encodings can decode. */
function decodings(text: string): string[] {
  const bare = text.replace(/[\s",[\]-]/g, '');
  const unescaped = text.replace(/\\+u([0-9a-f]{4})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const words = text.split(/[^A-Za-z0-9+/=_-]+/);
  const once = text
    .replace(/%25/g, '%')
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const plain = text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
  const bytes = words.flatMap((word) => [Buffer.from(word, 'base64'), Buffer.from(word, 'hex')]);
  return [
    text,
    bare,
    unescaped,
    once,
    once.replace(/\s/g, ''),
    plain,
    ...bytes.map((each) => each.toString('latin1')),
  ];
}

test('digits spelled in English are masked', () => {
  expect(values('48213').mask('your code is four, eight, two, one, three')).not.toMatch(/eight|three/);
});

test('a short value is masked only where it stands alone', () => {
  expect(values('7').mask('{"digits":"7","at":"2027-07-17","n":70.7}')).toBe(
    '{"digits":"*","at":"2027-07-17","n":70.7}',
  );
});

test.each([
  'Your code is 421.',
  'code=421&x=1',
  'code=421%20x',
  '%20421%20',
  '"421"',
  '(421)',
  'It is 4 2 1.',
])('a short value that stands alone is masked: %s', (text) => {
  expect(values('421').mask(text)).not.toMatch(/4.?2.?1/);
});

test('a prompt that contains a value of up to two digits is not sensitive', () => {
  expect(values('1', '42').isIn('Press 1 for sales, 42 for help.')).toBe(false);
  expect(values('1', '421').isIn('Your code is 421.')).toBe(true);
});

test('other text stays as it is', () => {
  const text = '{"actions":[{"say":{"text":"Thank you. Your order 48 213 9 is MTIzNDU2."}}]}';
  expect(values('90712').mask(text)).toBe(text);
  expect(new SensitiveValues().mask(text)).toBe(text);
  expect(values('').isEmpty).toBe(true);
});

test('nested data is masked, including the names of its fields', () => {
  const data = { status: 200, headers: { 'x-48213': 'a' }, list: [{ body: 'pin 48213' }], none: null };
  expect(values('48213').maskDeep(data)).toEqual({
    ...{ status: 200, none: null },
    headers: { 'x-*****': 'a' },
    list: [{ body: 'pin *****' }],
  });
});

test('every value of a call is masked in a long text', () => {
  const all = [...Array.from({ length: 99 }, (_, i) => String(10_000 + i * 7)), CARD];
  const text = '1 '.repeat(32_768) + all.join('x');
  const masked = values(...all).mask(text);
  expect(all.filter((value) => masked.includes(value))).toEqual([]);
});

test.each(['\\\\', '\\\\\\\\u003', '&#', '%', 'o', 'one', '1 ', '1           '])(
  'a value after 128 KiB of %j is masked',
  (part) => {
    const text = part.repeat(131_072 / part.length);
    const masked = values(CARD).mask(`${text}x${percent(percent(CARD))}`);
    expect(masked).toBe(`${text}x${'*'.repeat(9 * CARD.length)}`);
  },
);

test('the values of a call are forgotten after a day', async () => {
  const clock = new VirtualClock();
  const calls = new SensitiveCalls(clock);
  calls.add('call_1', '48213');
  await clock.advance(23 * 3_600_000);
  expect(calls.mask('call_1', 'pin 48213')).toBe('pin *****');
  expect(calls.mask('call_2', 'pin 48213')).toBe('pin 48213');
  await clock.advance(2 * 3_600_000);
  expect(calls.mask('call_1', 'pin 48213')).toBe('pin 48213');
});
