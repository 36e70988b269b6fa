import { describe, expect, it } from 'vitest';
import { guardedLookup, type Resolve, whyNotPublic } from './address-guard.ts';

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.1.0',
  '192.0.3.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '203.0.112.255',
  '223.255.255.255',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
  '::ffff:808:808',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
];

const SPECIAL: Record<string, string[]> = {
  'this network': ['0.0.0.0', '0.255.255.255'],
  private: ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'carrier-grade NAT': ['100.64.0.0', '100.127.255.255', '100.100.100.200'],
  loopback: ['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'],
  'link-local': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1'],
  reserved: ['192.0.0.192', '240.0.0.1', '255.255.255.255', '2001::1', '2001:1ff::1', '::', '::2', '4000::1'],
  documentation: ['192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1', '3fff::1'],
  benchmarking: ['198.18.0.1', '198.19.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'unique local': ['fc00::1', 'fd00:ec2::254'],
  'site-local': ['fec0::1'],
  metadata: ['168.63.129.16'],
  '6to4': ['2002:7f00:1::', '2002:808:808::1'],
  'not a public address': [
    '',
    'localhost',
    '1.2.3',
    '8.8.8.8%eth0',
    'fe80::1%1',
    '2606:4700::1%eth0',
    '[::1]',
  ],
};

const EMBEDDED: Record<string, string[]> = {
  loopback: ['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::127.0.0.1', '64:ff9b::7f00:1'],
  private: ['::ffff:10.0.0.1', '::ffff:a00:1', '64:ff9b::c0a8:1', '0:0:0:0:0:ffff:c0a8:0001'],
  'link-local': ['::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'],
  'this network': ['64:ff9b::', '::ffff:0:0', '::ffff:0.0.0.0'],
  // The deprecated IPv4-compatible form, and the local-use translation prefix of RFC 8215.
  reserved: ['::127.0.0.1', '::10.0.0.1', '64:ff9b:1::8.8.8.8'],
};

describe('whyNotPublic', () => {
  it.each(PUBLIC)('%s is public', (address) => {
    expect(whyNotPublic(address)).toBeUndefined();
  });

  for (const table of [SPECIAL, EMBEDDED]) {
    const rows = Object.entries(table).flatMap(([name, all]) => all.map((address) => [address, name]));
    it.each(rows)('%s is refused: %s', (address, name) => {
      expect(whyNotPublic(address!)).toContain(name);
    });
  }
});

const answering =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function lookUp(resolve: Resolve, allowPrivate = false): Promise<unknown> {
  return new Promise((done, fail) => {
    guardedLookup(resolve, allowPrivate)('host.test', { all: true }, (error, found) =>
      error ? fail(error) : done(found),
    );
  });
}

describe('guardedLookup', () => {
  it('removes the private addresses of a host that also has public ones', async () => {
    expect(await lookUp(answering('10.0.0.1', '8.8.8.8', '::1'))).toEqual([
      { address: '8.8.8.8', family: 4 },
    ]);
  });

  it('fails for a host with private addresses only, and names one', async () => {
    await expect(lookUp(answering('192.168.1.1', '::1'))).rejects.toMatchObject({
      code: 'address_not_allowed',
      message: expect.stringContaining('host.test (192.168.1.1) is a private address'),
    });
  });

  it('returns private addresses when they are allowed', async () => {
    expect(await lookUp(answering('127.0.0.1'), true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });

  it('fails for a host without addresses', async () => {
    await expect(lookUp(answering())).rejects.toMatchObject({ code: 'connect_failed' });
  });
});
