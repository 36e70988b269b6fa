import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { address, caller, host, oneLine, sipUri } from './fields.ts';
import { newTrunk } from './resources/trunk.ts';

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe('the proxy of a trunk', () => {
  it.each([
    'sip.example.com',
    'sip.example.com:5061',
    '192.0.2.1:5060',
    '[2001:db8::1]:5060',
    '[::ffff:192.0.2.1]',
  ])('may be %s', (text) => expect(accepts(host, text)).toBe(true));
  it.each([
    'a.example:99999',
    'a.example:0',
    'a.example:-1',
    '[1.2.3.4]',
    '[::::]',
    '[fe80::1%lo]',
    '127.1',
    '0x7f000001',
    'a b',
    'a\r\nb',
    '',
    'sip:a.example',
  ])('may not be %j', (text) => {
    expect(accepts(host, text)).toBe(false);
    expect(accepts(newTrunk, { name: 'x', proxy: text })).toBe(false);
  });
});

describe('a SIP URI', () => {
  it.each([
    'sip:desk@example.com',
    'SIPS:desk@example.com:5061;transport=tls',
    'sip:+15550100000@[2001:db8::1]:5060;user=phone',
    'sip:a%20b@example.com',
    'sip:example.com;lr',
    'sip:desk@localhost',
  ])('may be %s', (text) => {
    expect(accepts(sipUri, text)).toBe(true);
    expect(accepts(address, text)).toBe(true);
  });
  it.each([
    'sip:desk@example.com:0',
    'sip:desk@example.com:99999',
    'sip:desk@[::::]',
    'sip:desk@[1.2.3.4]',
    'sip:de%zzsk@example.com',
    'sip:desk@example.com;x=%ff',
    'sip:desk@example.com;x=a\r\nb',
    'sip:de sk@example.com',
    'sip:désk@example.com',
    'sip:@example.com',
    'sip:a@b@c',
    'sip:',
    'tel:+15550100000',
    'mailto:a@b',
  ])('may not be %j', (text) => {
    expect(accepts(sipUri, text)).toBe(false);
    expect(accepts(address, text)).toBe(false);
  });
});

describe('a caller ID', () => {
  it('may be anonymous, but a destination may not', () => {
    expect([accepts(caller, 'anonymous'), accepts(address, 'anonymous')]).toEqual([true, false]);
    expect(accepts(caller, '+15550100000')).toBe(true);
    expect([accepts(caller, 'Anonymous <x>'), accepts(caller, '')]).toEqual([false, false]);
  });
});

describe('a text for a header field', () => {
  it.each(['a\r\nVia: x', 'a\nb', 'a\rb', 'a\u0000b', 'a\tb', 'a\u007fb'])('may not be %j', (text) => {
    expect(accepts(oneLine(200), text)).toBe(false);
    for (const field of ['username', 'password', 'realm', 'name'])
      expect(accepts(newTrunk, { name: 'x', proxy: 'a.example', [field]: text })).toBe(false);
  });
  it('may be any other text', () => expect(accepts(oneLine(200), 'Jörg "x" \\ 日本')).toBe(true));
});
