import { describe, expect, it } from 'vitest';
import { checkDocument } from './actions/index.ts';
import { newCall } from './resources/index.ts';
import { sipHeaders } from './sip-headers.ts';

const accepts = (value: unknown) => sipHeaders.safeParse(value).success;

describe('header fields of an application', () => {
  it.each([{}, { 'X-Order-Id': 'A-17' }, { 'x-a': '' }, { 'X-Name': 'José <sip:a@b>, "x"' }])(
    'may be %o',
    (value) => expect(accepts(value)).toBe(true),
  );

  it.each([
    { 'X-A': 'a\r\nVia: b' },
    { 'X-A': 'a\nb' },
    { 'X-A': 'a\u0000b' },
    { 'X-A\r\nVia': 'b' },
    { 'X-A: b': 'c' },
    { 'X-': 'a' },
    { 'X-A-': 'a' },
    { 'X-MiniVoice-Call': 'a' },
    { Via: 'a' },
    { From: 'a' },
    { 'P-Asserted-Identity': '<tel:+112>' },
    { Diversion: '<tel:+112>' },
    { 'X-A': 'a', 'x-a': 'b' },
    { 'X-A': 1 },
    { 'X-A': 'x'.repeat(1025) },
    { [`X-${'a'.repeat(63)}`]: 'a' },
    Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`X-A${n}`, 'a'])),
    Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`X-A${n}`, 'é'.repeat(500)])),
  ])('may not be %o', (value) => expect(accepts(value)).toBe(false));

  it('are accepted for a call, a transfer and a bridge', () => {
    const sip_headers = { 'X-Order-Id': 'A-17' };
    expect(newCall.parse({ from: '+15550100000', to: '+15550100001', sip_headers })).toMatchObject({
      sip_headers,
    });
    for (const action of ['transfer', 'bridge']) {
      const document = (headers: object) => ({
        actions: [{ [action]: { to: '+15550100001', sip_headers: headers } }],
      });
      const good = checkDocument(document(sip_headers));
      expect(good.ok && good.actions[0]).toMatchObject({ sipHeaders: sip_headers });
      const bad = checkDocument(document({ Via: 'x' }));
      expect(bad.ok || bad.details).toMatchObject([
        {
          pointer: `/actions/0/${action}/sip_headers/Via`,
          code: 'invalid_format',
          message: /begins with X-/,
        },
      ]);
    }
    const referred = { to: '+15550100001', mode: 'refer', sip_headers };
    expect(checkDocument({ actions: [{ transfer: referred }] }).ok).toBe(false);
  });
});
