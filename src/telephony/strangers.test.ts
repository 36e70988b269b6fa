import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { Strangers } from './strangers.ts';

let clock: VirtualClock;
let strangers: Strangers;

beforeEach(() => {
  clock = new VirtualClock();
  strangers = new Strangers(clock);
});

const from = (address: string, transport: 'udp' | 'tcp' = 'udp') => ({ address, transport });

const knock = (times: number, address = '192.0.2.1') => {
  const last = Array.from({ length: times }, () => strangers.refused(from(address)));
  return last.at(-1);
};

test('who is refused ten times within minutes is not answered for ten minutes, and it is told once', async () => {
  expect(knock(9)).toBe(false);
  expect(strangers.isSilenced(from('192.0.2.1'))).toBe(false);
  await clock.advance(50_000);
  expect(knock(1)).toBe(true);
  expect(strangers.isSilenced(from('192.0.2.1'))).toBe(true);
  expect(strangers.isSilenced(from('192.0.2.2'))).toBe(false);
  await clock.advance(600_000);
  expect(strangers.isSilenced(from('192.0.2.1'))).toBe(false);
});

test('who errs now and then is forgiven', async () => {
  for (let each = 0; each < 30; each++) {
    knock(1);
    await clock.advance(61_000);
  }
  expect(strangers.isSilenced(from('192.0.2.1'))).toBe(false);
});

test('more addresses than memory is given to push out the oldest', () => {
  knock(10, 'first');
  for (let each = 0; each < 10_000; each++) knock(1, `address ${each}`);
  expect(strangers.isSilenced(from('first'))).toBe(false);
});

test('being asked for a password costs a fifth of a refusal, and the right one makes up for all', () => {
  for (let each = 0; each < 49; each++) strangers.refused(from('192.0.2.1'), 'asked');
  expect(strangers.isSilenced(from('192.0.2.1'))).toBe(false);
  strangers.forgive(from('192.0.2.1'));
  for (let each = 0; each < 49; each++) strangers.refused(from('192.0.2.1'), 'asked');
  expect(strangers.refused(from('192.0.2.1'))).toBe(true);
  expect(strangers.counts.silenced).toBe(1);
});

test('UDP, which anybody can send in the name of an address, does not silence connections from there', () => {
  knock(10);
  expect(strangers.isSilenced(from('192.0.2.1', 'tcp'))).toBe(false);
});

test('addresses of one /64 of IPv6 are one source, in whatever form they come', () => {
  const strangers = new Strangers(new VirtualClock());
  for (let at = 1; at <= 10; at++) strangers.refused({ transport: 'udp', address: `2001:db8::${at}` });
  expect(strangers.isSilenced({ transport: 'udp', address: '2001:db8::ffff' })).toBe(true);
  expect(strangers.isSilenced({ transport: 'udp', address: '2001:db8:0:1::1' })).toBe(false);
  for (let at = 1; at <= 10; at++) strangers.refused({ transport: 'udp', address: '::ffff:192.0.2.1' });
  expect(strangers.isSilenced({ transport: 'udp', address: '192.0.2.1' })).toBe(true);
});
