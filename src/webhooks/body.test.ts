import { expect, it } from 'vitest';
import { webhookBody } from './body.ts';
import { callRecord, eventRecord } from './testing/bench.ts';

it('a webhook carries the event, the call as it was, its variables, and where it stands in the call', () => {
  const call = callRecord({ id: 'call_7', variables: { plan: 'gold' }, status: 'completed' });
  const event = eventRecord(3, 'call_7', {
    event: 'recording.completed',
    eventKey: 'call_7:recording.completed:2',
    call,
    data: { recording_id: 'rec_call_7_2', status: 'completed', duration_seconds: 120, size_bytes: 204800 },
  });
  expect(JSON.parse(webhookBody(event))).toEqual({
    event: 'recording.completed',
    created_at: '2026-05-29T12:00:00Z',
    call: {
      id: 'call_7',
      customer_id: 'cust_1',
      application_id: 'app_1',
      provider_call_id: '0b7e62a4-7a09-4d27-8d38-a61fbd4fdd0c',
      status: 'completed',
      direction: 'inbound',
      from: '+15550001111',
      to: '+15550100000',
      route_mode: 'webhook',
      routing_target: 'app_1',
      sip_headers: {},
    },
    variables: { plan: 'gold' },
    data: {
      event_key: 'call_7:recording.completed:2',
      sequence: 3,
      recording_id: 'rec_call_7_2',
      status: 'completed',
      duration_seconds: 120,
      size_bytes: 204800,
    },
  });
});

it('the same event gives the same bytes, also after it was kept as JSON', () => {
  const event = eventRecord(1, 'call_1', { data: { z: 1, a: { y: [2, 'é'], b: null } } });
  expect(webhookBody(JSON.parse(JSON.stringify(event)))).toBe(webhookBody(event));
});

it('what is sealed stays where it is; plain digits take the place of masked ones', () => {
  const data = { digits: '****', sealed_digits: 'sealed:1837', status: 'completed' };
  const event = eventRecord(1, 'call_1', { data });
  expect(JSON.parse(webhookBody(event)).data).toMatchObject({ digits: '****', status: 'completed' });
  expect(JSON.parse(webhookBody(event, '1837')).data).toMatchObject({ digits: '1837', status: 'completed' });
  expect(webhookBody(event, '1837')).not.toContain('sealed');
});
