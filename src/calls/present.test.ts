import { expect, it } from 'vitest';
import { call as callSchema, eventCall } from '../../contract/resources/call.ts';
import type { CallRecord } from './call.ts';
import { presentCall, presentEventCall } from './present.ts';

const at = Date.UTC(2026, 4, 29, 12, 2, 12, 345);

const call: CallRecord = {
  id: 'call_20260529T120212.345000000',
  customerId: 'cust_20260529T120000.000000000',
  applicationId: 'app_20260529T120000.000000000',
  providerCallId: '0b7e62a4-7a09-4d27-8d38-a61fbd4fdd0c',
  status: 'completed',
  direction: 'outbound',
  from: '+15550100000',
  to: '+15550001111',
  answerUrl: 'https://app.test/answer',
  metadata: { order: 7 },
  variables: { secret: 'of the flow' },
  routeMode: 'webhook',
  routingTarget: 'app_20260529T120000.000000000',
  createdAt: at,
  dialingAt: at + 100,
  ringingAt: null,
  answeredAt: at + 4_000,
  endedAt: at + 46_999,
  reason: 'normal',
  endedBy: 'caller',
  sipStatus: null,
  error: null,
  costAmount: 12_500,
  costCurrency: 'EUR',
  sipHeaders: {},
};

it('presents a call with exactly the fields of the contract', () => {
  const presented = presentCall(call);
  expect(callSchema.strict().parse(presented)).toEqual(presented);
  expect(Object.keys(presented).sort()).toEqual(Object.keys(callSchema.shape).sort());
  expect(presented).toMatchObject({
    status: 'completed',
    metadata: { order: 7 },
    created_at: '2026-05-29T12:02:12Z',
    ringing_at: null,
    answered_at: '2026-05-29T12:02:16Z',
    duration_seconds: 46,
    billsec_seconds: 42,
    cost_amount: '0.0125',
    cost_currency: 'EUR',
  });
});

it('presents the short form in events', () => {
  const presented = presentEventCall(call);
  expect(Object.keys(presented).sort()).toEqual(Object.keys(eventCall.shape).sort());
});
