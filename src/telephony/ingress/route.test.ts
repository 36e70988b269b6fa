import { describe, expect, test } from 'vitest';
import type { CallRoute } from '../../calls/index.ts';
import { normalizeNumber, withPlus } from '../../directory/index.ts';
import { createRequest } from '../../sip/index.ts';
import type { CallingTrunk } from './identify.ts';
import { type CallDeps, routePhoneCall, routeTrunkCall } from './route.ts';

const DIDS: Record<string, string> = {
  '+15550100001': 'cust_1',
  '+15550100002': 'cust_2',
  '+4930123456': 'cust_1',
  '+4915550100': 'cust_1',
};
const deps: CallDeps = {
  ...{ normalizeNumber, withPlus },
  route: (number) => (DIDS[number] ? ({ customerId: DIDS[number] } as CallRoute) : undefined),
  routeOfPhone: ({ customerId }, called) =>
    DIDS[called] === customerId || called === 'ben' ? ({ customerId } as CallRoute) : undefined,
};

const carrier: CallingTrunk = { customerId: null, username: 'acct4711', country: null };
const american = { ...carrier, country: 'US' };
const german = { ...carrier, country: 'DE' };

function called(uri: string, trunks: CallingTrunk[] = [carrier], headers: Record<string, string> = {}) {
  const request = createRequest({
    method: 'INVITE',
    uri,
    headers: Object.entries({ To: `<${uri}>`, ...headers }),
  });
  const { to, route } = routeTrunkCall(request, trunks, deps);
  return route ? to : `unassigned ${to}`;
}

describe('the number of a trunk call', () => {
  test.each([
    ['sip:+15550100001@10.0.0.1', '+15550100001'],
    ['sip:+1-555-010-0001@10.0.0.1;user=phone', '+15550100001'],
    ['sip:15550100001@10.0.0.1', '+15550100001'],
    ['sip:0015550100001@10.0.0.1', '+15550100001'],
    ['tel:+1-555-010-0001', '+15550100001'],
    ['tel:5550100001;phone-context=+1', '+15550100001'],
    ['sip:5550100001;phone-context=+1@10.0.0.1;user=phone', '+15550100001'],
    ['sip:5550100001@10.0.0.1;phone-context=+1;user=phone', '+15550100001'],
    ['tel:0100001;phone-context=+1-555', '+15550100001'],
    ['tel:030123456;phone-context=+49', '+4930123456'],
    ['sip:5550100001@10.0.0.1', 'unassigned 5550100001'],
    ['tel:5550100001;phone-context=example.com', 'unassigned 5550100001'],
    ['sip:alice@10.0.0.1', 'unassigned alice'],
  ])('in %s is %s', (uri, number) => {
    expect(called(uri)).toBe(number);
  });

  test.each([
    ['sip:5550100001@10.0.0.1', american, '+15550100001'],
    ['tel:5550100001;phone-context=example.com', american, '+15550100001'],
    ['sip:15550100001@10.0.0.1', american, '+15550100001'],
    ['sip:030123456@10.0.0.1', german, '+4930123456'],
    ['sip:015550100@10.0.0.1', german, '+4915550100'],
    ['sip:030123456@10.0.0.1', american, 'unassigned 030123456'],
  ])('in %s is read in the national formats of the trunk', (uri, trunk, number) => {
    expect(called(uri, [trunk])).toBe(number);
  });

  test.each([
    ['sip:acct4711@10.0.0.1', { To: '<sip:+15550100001@carrier.example>' }],
    ['sip:ACCT4711@10.0.0.1:5060;line=1', { To: 'Shop (Main) <sip:15550100001@carrier.example>' }],
    ['sip:acct4711@10.0.0.1', { To: '<tel:5550100001;phone-context=+1>' }],
    ['sip:minivoice@10.0.0.1', { To: '<sip:+15550100001@carrier.example>' }],
    ['sip:10.0.0.1', { To: '<sip:+15550100001@carrier.example>' }],
    ['sip:@10.0.0.1', { To: '<sip:+15550100001@carrier.example>' }],
    ['sip:acct4711@10.0.0.1', { To: '<sip:acct4711@x>', 'P-Called-Party-ID': '<sip:+15550100001@x>' }],
    ['sip:acct4711@10.0.0.1', { To: '<sip:+15550100002@x>', 'P-Called-Party-ID': 'sip:+15550100001@x' }],
    ['sip:acct4711@10.0.0.1', { To: '<sip:+15550100001@x>', 'P-Called-Party-ID': '<<nonsense' }],
  ])('is not in %s, which names our registration, but in the header fields %o', (uri, headers) => {
    expect(called(uri, [carrier], headers as Record<string, string>)).toBe('+15550100001');
  });

  test('is in the Request-URI when the registered name is a number and To holds no other', () => {
    const main = { ...carrier, username: '+15550100001' };
    expect(called('sip:+15550100001@10.0.0.1', [main], { To: '<sip:+1999@x>' })).toBe('+15550100001');
    expect(called('sip:+15550100001@10.0.0.1', [main], { To: '<sip:+15550100002@x>' })).toBe('+15550100002');
    expect(called('sip:+15550100001@10.0.0.1', [carrier], { To: '<sip:+15550100002@x>' })).toBe(
      '+15550100001',
    );
  });

  test("is read with the settings of each trunk at the address, the operator's first", () => {
    const own = { customerId: 'cust_1', username: null, country: 'DE' };
    const others = { customerId: 'cust_2', username: 'x', country: 'US' };
    expect(called('sip:030123456@10.0.0.1', [others, own])).toBe('+4930123456');
    expect(called('sip:+15550100002@10.0.0.1', [own])).toBe('unassigned +15550100002');
    expect(called('sip:5550100001@10.0.0.1', [own, american])).toBe('+15550100001');
  });
});

test('a phone calls numbers and names of its customer', () => {
  const phone = { id: 'p', username: 'anna', customerId: 'cust_1', ha1: '' };
  const to = (uri: string) =>
    routePhoneCall(createRequest({ method: 'INVITE', uri, headers: [['To', `<${uri}>`]] }), phone, deps);
  expect(to('sip:15550100001@10.0.0.1')).toMatchObject({ to: '+15550100001', route: {} });
  expect(to('sip:ben@10.0.0.1')).toMatchObject({ to: 'ben', route: {} });
  expect(to('sip:+15550100002@10.0.0.1').route).toBeUndefined();
});
