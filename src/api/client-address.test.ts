import { describe, expect, it } from 'vitest';
import { sourceNetwork } from '../../contract/network-address.ts';
import { clientAddress, inBlocks } from './client-address.ts';

const isTrusted = inBlocks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
const addressOf = (socket: string, headers: Record<string, string>) =>
  clientAddress(socket, headers, isTrusted);

describe('the address of the client', () => {
  it.each([
    ['198.51.100.7', { 'x-forwarded-for': '192.0.2.1' }, '198.51.100.7'],
    ['198.51.100.7', { forwarded: 'for=192.0.2.1' }, '198.51.100.7'],
    ['::ffff:198.51.100.7', {}, '198.51.100.7'],
  ])('is the address of the socket without a trusted proxy: %s %j', (socket, headers, expected) => {
    expect(addressOf(socket, headers)).toBe(expected);
  });

  it.each([
    ['127.0.0.1', {}, '127.0.0.1'],
    ['127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['::ffff:127.0.0.1', { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.9, 192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.9, 192.0.2.1, 10.1.1.1' }, '192.0.2.1'],
    ['127.0.0.1', { 'x-forwarded-for': '10.2.2.2, 10.1.1.1' }, '10.2.2.2'],
    ['127.0.0.1', { 'x-forwarded-for': '192.0.2.1:4711' }, '192.0.2.1'],
    ['127.0.0.1', { 'x-forwarded-for': '::ffff:192.0.2.1' }, '192.0.2.1'],
    ['127.0.0.1', { 'x-forwarded-for': '[2001:db8::1]:80' }, '2001:db8::1'],
    ['fd00::2', { 'x-forwarded-for': '2001:db8::1' }, '2001:db8::1'],
    ['127.0.0.1', { forwarded: 'for=192.0.2.1;proto=https, for=10.1.1.1' }, '192.0.2.1'],
    ['127.0.0.1', { forwarded: 'proto=https; For="[2001:db8::1]:80"' }, '2001:db8::1'],
    ['127.0.0.1', { forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
  ])('is the rightmost untrusted address behind a trusted proxy: %s %j', (socket, headers, expected) => {
    expect(addressOf(socket, headers)).toBe(expected);
  });

  it.each([
    [{ forwarded: 'for=203.0.113.9', 'x-forwarded-for': '192.0.2.1' }],
    [{ forwarded: 'for=unknown' }],
    [{ forwarded: 'for=_hidden' }],
    [{ forwarded: 'by=192.0.2.1' }],
    [{ 'x-forwarded-for': 'localhost' }],
    [{ 'x-forwarded-for': '' }],
    [{ 'x-forwarded-for': '192.0.2.1, not-an-address' }],
  ])('is the address of the proxy if the headers are invalid or contradictory: %j', (headers) => {
    expect(addressOf('127.0.0.1', headers)).toBe('127.0.0.1');
  });
});

it('counts an IPv6 client by its /64', () => {
  expect(sourceNetwork('192.0.2.1')).toBe('192.0.2.1');
  expect(sourceNetwork('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  expect(sourceNetwork('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(sourceNetwork('::1')).toBe('0:0:0:0::/64');
});
