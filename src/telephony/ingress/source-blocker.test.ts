import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { SourceBlocker } from './source-blocker.ts';

let clock: VirtualClock;
let blocker: SourceBlocker;

beforeEach(() => {
  clock = new VirtualClock();
  blocker = new SourceBlocker(clock);
});

const from = (address: string, transport: 'udp' | 'tcp' = 'udp') => ({ address, transport });

const attempt = (times: number, address = '192.0.2.1') => {
  const last = Array.from({ length: times }, () => blocker.record(from(address)));
  return last.at(-1);
};

test('blocks a source for ten minutes after ten refusals within minutes, and reports it once', async () => {
  expect(attempt(9)).toBe(false);
  expect(blocker.isBlocked(from('192.0.2.1'))).toBe(false);
  await clock.advance(50_000);
  expect(attempt(1)).toBe(true);
  expect(blocker.isBlocked(from('192.0.2.1'))).toBe(true);
  expect(blocker.isBlocked(from('192.0.2.2'))).toBe(false);
  await clock.advance(600_000);
  expect(blocker.isBlocked(from('192.0.2.1'))).toBe(false);
});

test('does not block a source whose refusals are more than a minute apart', async () => {
  for (let each = 0; each < 30; each++) {
    attempt(1);
    await clock.advance(61_000);
  }
  expect(blocker.isBlocked(from('192.0.2.1'))).toBe(false);
});

test('forgets the oldest source when there are too many', () => {
  attempt(10, 'first');
  for (let each = 0; each < 10_000; each++) attempt(1, `address ${each}`);
  expect(blocker.isBlocked(from('first'))).toBe(false);
});

test('counts a challenge as a fifth of a refusal, and forgives all after a valid password', () => {
  for (let each = 0; each < 49; each++) blocker.record(from('192.0.2.1'), 'challenged');
  expect(blocker.isBlocked(from('192.0.2.1'))).toBe(false);
  blocker.forgive(from('192.0.2.1'));
  for (let each = 0; each < 49; each++) blocker.record(from('192.0.2.1'), 'challenged');
  expect(blocker.record(from('192.0.2.1'))).toBe(true);
  expect(blocker.counts.blocked).toBe(1);
});

test('does not block TCP from an address that UDP requests were refused from', () => {
  attempt(10);
  expect(blocker.isBlocked(from('192.0.2.1', 'tcp'))).toBe(false);
});

test('treats a /64 of IPv6, and IPv4 in either form, as one source', () => {
  const blocker = new SourceBlocker(new VirtualClock());
  for (let at = 1; at <= 10; at++) blocker.record({ transport: 'udp', address: `2001:db8::${at}` });
  expect(blocker.isBlocked({ transport: 'udp', address: '2001:db8::ffff' })).toBe(true);
  expect(blocker.isBlocked({ transport: 'udp', address: '2001:db8:0:1::1' })).toBe(false);
  for (let at = 1; at <= 10; at++) blocker.record({ transport: 'udp', address: '::ffff:192.0.2.1' });
  expect(blocker.isBlocked({ transport: 'udp', address: '192.0.2.1' })).toBe(true);
});
