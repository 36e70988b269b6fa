import { describe, expect, it } from 'vitest';
import { addressIdentity, parseHostPort, parseIpAddress, parsePort } from './network-address.ts';

describe('a port', () => {
  it.each([
    ['1', 1],
    ['5060', 5060],
    ['05060', 5060],
    ['65535', 65_535],
  ])('is parsed from %s', (text, port) => expect(parsePort(text)).toBe(port));

  it.each([
    '0',
    '00000',
    '65536',
    '99999',
    '4294967296',
    '-1',
    '+1',
    '1.5',
    '0x10',
    '',
    ' 1',
    '1e3',
    '1\r\n',
  ])('is not parsed from %j', (text) => expect(parsePort(text)).toBeUndefined());
});

describe('an IP address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['::', '::'],
    ['::1', '::1'],
  ])('%s has the canonical form %s', (text, canonical) => expect(parseIpAddress(text)).toBe(canonical));

  it.each([
    '',
    '1',
    '127.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '192.0.2.256',
    '192.0.2.01',
    'fe80::1%lo',
  ])('%j is invalid', (text) => expect(parseIpAddress(text)).toBeUndefined());
  it.each(['[::1]', '::::', '1.2.3.4.5', '1.2.3.4 ', '1.2.3.4\n', 'host', '12345::', ':'])(
    '%j is invalid',
    (text) => expect(parseIpAddress(text)).toBeUndefined(),
  );
});

describe('the host that an address identifies', () => {
  it.each([
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::ffff:c000:201',
    '0000:0000:0000:0000:0000:FFFF:C000:0201',
    '64:ff9b::192.0.2.1',
    '64:ff9b::c000:201',
    '64:ff9b:1::c000:201',
    '::192.0.2.1',
    '::ffff:0:192.0.2.1',
    '2002:c000:201::1',
    '::ffff:192.0.2.1%eth0',
  ])('%s is 192.0.2.1', (address) => expect(addressIdentity(address)).toBe('192.0.2.1'));

  it.each([
    ['fe80::1%eth0', 'fe80::1'],
    ['FE80:0::1', 'fe80::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['::', '::'],
  ])('%s is %s', (address, identity) => expect(addressIdentity(address)).toBe(identity));
});

describe('a host with an optional port', () => {
  it.each([
    ['sip.example.com', 'sip.example.com', undefined],
    ['sip.example.com.', 'sip.example.com.', undefined],
    ['sip_1.example.com:5061', 'sip_1.example.com', 5061],
    ['192.0.2.1:5060', '192.0.2.1', 5060],
    ['[2001:DB8::0001]', '2001:db8::1', undefined],
    ['[::ffff:192.0.2.1]:5070', '192.0.2.1', 5070],
    ['localhost', 'localhost', undefined],
    ['a', 'a', undefined],
  ])('%s', (text, host, port) => expect(parseHostPort(text)).toEqual({ host, port }));

  it.each([
    'a.example:99999',
    'a.example:0',
    'a.example:',
    '[1.2.3.4]',
    '[::::]',
    '[fe80::1%lo]',
    '::1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '1.2.3.4.5',
    '1.2.3.256',
    'a..b',
    '-a.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
    'a b',
    'a\r\nb',
    'a@b',
    '',
    ':5060',
    '[]',
  ])('%j is invalid', (text) => expect(parseHostPort(text)).toBeUndefined());
});
