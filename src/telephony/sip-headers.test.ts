import { expect, test } from 'vitest';
import { createRequest } from '../sip/index.ts';
import { sipHeadersOf, toHeaders } from './sip-headers.ts';

const inviteWith = (headers: [string, string][]) =>
  createRequest({ method: 'INVITE', uri: 'sip:a@b', headers: [['Via', 'SIP/2.0/UDP x'], ...headers] });

const FIELDS: [string, string][] = [
  ['P-Asserted-Identity', '"Jos\u00c3\u00a9" <sip:+15550100001@carrier>'],
  ['p-asserted-identity', '<tel:+15550100001>'],
  ['DIVERSION', '<sip:+1@x>;reason=no-answer'],
  ['Diversion', '<sip:+2@x>;reason=busy'],
  ['History-Info', '<sip:+1@x>;index=1'],
  ['User-to-User', '00c2a1;encoding=hex'],
  ['X-Account-Id', '17'],
  ['x-account-id', '18'],
  ['Authorization', 'Digest x'],
  ['User-Agent', 'phone'],
  ['X-', 'none'],
];

test('selects these fields and joins them by name', () => {
  expect(sipHeadersOf(inviteWith(FIELDS), true)).toEqual({
    'P-Asserted-Identity': '"José" <sip:+15550100001@carrier>, <tel:+15550100001>',
    Diversion: '<sip:+1@x>;reason=no-answer, <sip:+2@x>;reason=busy',
    'History-Info': '<sip:+1@x>;index=1',
    'User-to-User': '00c2a1;encoding=hex',
    'X-Account-Id': '17, 18',
  });
});

test('drops P-Asserted-Identity from untrusted sources', () => {
  expect(sipHeadersOf(inviteWith(FIELDS), false)).not.toHaveProperty('P-Asserted-Identity');
});

test('keeps no more than 32 fields and 8 KiB', () => {
  const many = Array.from({ length: 100 }, (_, n): [string, string] => [`X-N${n}`, 'x']);
  expect(Object.keys(sipHeadersOf(inviteWith(many), true))).toHaveLength(32);
  const long = Array.from({ length: 32 }, (_, n): [string, string] => [`X-N${n}`, 'x'.repeat(1000)]);
  const kept = sipHeadersOf(inviteWith([...long, ['X-Short', 'y']]), true);
  expect(JSON.stringify(kept).length).toBeLessThan(9 * 1024);
  expect(kept['X-Short']).toBe('y');
});

test('treats names of object properties like any other', () => {
  const kept = sipHeadersOf(
    inviteWith([
      ['X-__proto__', 'a'],
      ['x-constructor', 'b'],
    ]),
    true,
  );
  expect(kept).toEqual({ 'X-__proto__': 'a', 'x-constructor': 'b' });
});

test('encodes header fields of an application as UTF-8', () => {
  expect([...toHeaders({ 'X-Name': 'José' })]).toEqual([['X-Name', 'Jos\u00c3\u00a9']]);
  expect([...toHeaders(undefined)]).toEqual([]);
});
