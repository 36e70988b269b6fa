import { beforeEach, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import type { Hop, SipRequest } from '../../sip/index.ts';
import { parseMessage } from '../../sip/message/index.ts';
import { FailedLogins } from './failed-logins.ts';

const SOURCE: Hop = { transport: 'udp', address: '203.0.114.9', port: 5060 };
const ANNA = { id: 'phone_1', username: 'anna', customerId: 'cust_1', ha1: 'x' };

let clock: VirtualClock;
let logins: FailedLogins;
let lines: object[];

beforeEach(() => {
  clock = new VirtualClock();
  lines = [];
  const log: Log = { ...silentLog, warn: (fields, message) => lines.push({ ...fields, message }) };
  logins = new FailedLogins({ find: (name) => (name === 'anna' ? ANNA : undefined) }, clock, log);
});

function request(
  method: string,
  username: string,
  proof = 'Authorization: Digest username="x", response="secret"',
) {
  const uri = `sip:${username}@10.0.0.1`;
  return parseMessage(
    Buffer.from(
      [
        `${method} sip:10.0.0.1 SIP/2.0`,
        'Via: SIP/2.0/UDP 203.0.114.9;branch=z9hG4bK1',
        ...[`From: <${uri}>;tag=1`, `To: <${method === 'REGISTER' ? uri : 'sip:+1555@10.0.0.1'}>`],
        ...['Call-ID: 1', `CSeq: 1 ${method}`, 'Max-Forwards: 70', proof, 'Content-Length: 0', '', ''],
      ]
        .filter((line, index) => line !== '' || index > 7)
        .join('\r\n'),
    ),
  ) as SipRequest;
}

describe.each(['REGISTER', 'INVITE'])('a %s with a wrong password', (method) => {
  test('is counted, logged with address and name, and kept for the phone', () => {
    logins.record(request(method, 'anna'), SOURCE);
    expect(lines).toMatchObject([{ method, address: '203.0.114.9', username: 'anna', transport: 'udp' }]);
    expect(JSON.stringify(lines)).not.toContain('secret');
    expect(logins.count).toBe(1);
    expect(logins.last('phone_1')).toEqual({ at: clock.now(), address: '203.0.114.9' });
  });
});

test('logs an unknown name with a hint', () => {
  logins.record(request('REGISTER', 'nobody'), SOURCE);
  expect(lines).toMatchObject([{ username: 'nobody', hint: expect.stringContaining('POST /v1/phones') }]);
});

test('ignores a request without an Authorization header field', () => {
  logins.record(request('INVITE', 'anna', 'Subject: hello'), SOURCE);
  expect([lines.length, logins.count]).toEqual([0, 0]);
});

test('logs a phone that keeps failing once a minute', async () => {
  for (let n = 0; n < 100; n++) logins.record(request('REGISTER', 'anna'), SOURCE);
  expect([lines.length, logins.count]).toEqual([1, 100]);
  await clock.advance(60_000);
  logins.record(request('REGISTER', 'anna'), SOURCE);
  expect(lines).toHaveLength(2);
});

test('limits the log lines that a scanner causes', () => {
  for (let n = 0; n < 1000; n++) logins.record(request('REGISTER', `n${n}`), SOURCE);
  expect(lines).toHaveLength(61);
  expect(lines.at(-1)).toMatchObject({ message: expect.stringContaining('further ones are not logged') });
});
