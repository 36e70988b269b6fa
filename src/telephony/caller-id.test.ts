import { describe, expect, test } from 'vitest';
import type { DialRequest, ForwardedCall } from '../calls/index.ts';
import { type CallerIdRules, shownCaller } from './caller-id.ts';

const OWN = '+15550100000';
const VERIFIED = '+4930111111';
const CALLER = '+4917612345';

const OPERATOR = { customerId: null } as const;
const STRICT = { customerId: null, forwardCallerId: false } as const;
const OPEN = { customerId: null, callerIds: 'any' } as const;
const CUSTOMER = { customerId: 'cust_1' } as const;

function shown(from: string, over: CallerIdRules = OPERATOR, forwardedCall?: Partial<ForwardedCall>): string {
  const request = {
    ...{
      destination: '+4930',
      from,
      customerId: 'cust_1',
      timeoutMs: 1,
      signal: new AbortController().signal,
    },
    forwardedCall: forwardedCall && {
      from: CALLER,
      to: OWN,
      isTrusted: true,
      isReplaceable: false,
      ...forwardedCall,
    },
  } satisfies DialRequest;
  const mayShow = (customerId: string, number: string) =>
    customerId === 'cust_1' && [OWN, VERIFIED].includes(`+${number.replace('+', '')}`);
  try {
    return shownCaller(request, over, { mayShow });
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("over the operator's trunk", () => {
  test.each([
    OWN,
    VERIFIED,
    `sip:${OWN}@anywhere.example`,
    'anonymous',
    'sip:anonymous@anonymous.invalid',
    '',
  ])('a customer may show %s', (from) => {
    expect(shown(from)).toBe(/anonymous|^$/.test(from) ? 'anonymous' : from.replace(/^sip:|@.*/g, ''));
  });

  test.each(['+15550100001', '+112', '112', '911', 'alice', 'sip:+15550199999@here', CALLER])(
    'a customer may not show %s',
    (from) => {
      expect(shown(from)).toBe('caller_id_not_allowed');
    },
  );

  test('the trunk may allow any number', () => {
    expect(shown('+15550199999', OPEN)).toBe('+15550199999');
  });
});

test("any caller ID may be shown over a customer's own trunk and to a phone", () => {
  expect(shown('+15550199999', CUSTOMER)).toBe('+15550199999');
  expect(shown('alice', 'phone')).toBe('alice');
  expect(shown('+15550199999', { ...CUSTOMER, callerIds: 'owned' })).toBe('caller_id_not_allowed');
});

test("names and the customer's numbers may be shown to the host of a SIP URI", () => {
  expect([shown('alice', 'host'), shown(OWN, 'host')]).toEqual(['alice', OWN]);
  expect(shown('+15550199999', 'host')).toBe('caller_id_not_allowed');
});

test.each([
  ...[`${OWN};tgrp=x`, `sip:${OWN};tgrp=x@here`, `sip:${OWN}%3Btgrp=x@here`, `${OWN}@evil.example`],
  ...[
    `${OWN} 1`,
    `+${OWN}`,
    '+',
    '+1555+1',
    `${OWN}>`,
    `${OWN}\r\nX: y`,
    '"Boss" <sip:1@x>',
    '%2B15550100000',
  ],
  ...['sip:+15550100000%0d%0a@x', 'alice;x', 'älice', 'tel:+15550100000', `sip:a:b@[::`, 'a'.repeat(64)],
])('refuses what could alter the header field on every route: %j', (from) => {
  for (const over of [OPERATOR, OPEN, CUSTOMER, 'host', 'phone'] as const) {
    expect(shown(from, over)).toBe('invalid_request');
  }
});

describe('a call that is passed on', () => {
  test("shows a caller from an operator's trunk", () => {
    expect(shown(CALLER, OPERATOR, {})).toBe(CALLER);
    expect(shown(CALLER, 'host', { isTrusted: false })).toBe(CALLER);
  });

  test.each([
    ["came from a customer's trunk", OPERATOR, { isTrusted: false }],
    ['must not be shown over this trunk', STRICT, {}],
  ] as const)('shows the called number if the caller %s', (_, over, forwardedCall) => {
    expect(shown(CALLER, over, { ...forwardedCall, isReplaceable: true })).toBe(OWN);
    expect(shown(CALLER, over, { ...forwardedCall, isReplaceable: true, to: 'desk' })).toBe('anonymous');
    expect(shown(CALLER, over, forwardedCall)).toBe('caller_id_not_allowed');
  });

  test('shows the called number instead of a name or an invalid caller ID', () => {
    expect(shown('anna', OPERATOR, { from: 'anna', isTrusted: false, isReplaceable: true })).toBe(OWN);
    expect(shown('+1;tgrp=x', OPERATOR, { from: '+1;tgrp=x', isReplaceable: true })).toBe(OWN);
  });

  test('does not show a requested number of someone else', () => {
    expect(shown('+15550199999', OPERATOR, {})).toBe('caller_id_not_allowed');
  });
});
