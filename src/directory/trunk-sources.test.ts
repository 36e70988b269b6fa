import { expect, test } from 'vitest';
import { parseNetwork } from '../../contract/network-address.ts';
import { addressOf } from './trunk-sources.ts';

test.each([
  '',
  'example.test',
  '192.0.2',
  '192.0.2.0/33',
  '192.0.2.0/',
  '192.0.2.0/8/8',
  '2001:db8::/129',
  '1.2.3.4/-1',
])('"%s" is not a network', (text) => {
  expect(parseNetwork(text)).toBeUndefined();
});

test.each([
  ['192.0.2.0/30', '192.0.2.3', true],
  ['192.0.2.0/30', '192.0.2.4', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '192.0.2.1', false],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.0/24', '::ffff:192.0.2.9', true],
  ['192.0.2.0/24', '64:ff9b::c000:209', true],
  ['::ffff:192.0.2.0/120', '192.0.2.9', true],
  ['::ffff:192.0.2.0/120', '192.0.3.9', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['64:ff9b::192.0.2.1', '192.0.2.1', true],
  ['fe80::/64', 'fe80::1%eth0', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '192.0.2.1', false],
])('%s contains %s: %s', (network, address, contained) => {
  expect(parseNetwork(network)?.contains(address)).toBe(contained);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:5060', '192.0.2.1'],
  ['sip:192.0.2.1:5060;transport=tcp', '192.0.2.1'],
  ['[2001:db8::1]:5061', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['sip.example.test:5060', undefined],
  ['[::ffff:192.0.2.1]:5060', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['[2001:DB8:0::1]', '2001:db8::1'],
  ['127.1', undefined],
])('a proxy %s is at %s', (proxy, address) => {
  expect(addressOf(proxy)).toBe(address);
});
