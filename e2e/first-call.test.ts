import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActionsRequest } from '../tests/support/app-server.ts';
import { Baresip } from './support/baresip.ts';
import { Harness } from './support/harness.ts';
import { Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

const summary = ({ event, state, attempts }: Record<string, unknown>) =>
  `${event}: ${state} after ${attempts}`;

describe.skipIf(missing.sipp)(`a caller with sipp ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('is answered, presses digits during the prompt, and follows the redirect', async () => {
    let redirected: ActionsRequest | undefined;
    const menu = harness.app.on('/menu', (request) => {
      redirected = request;
      return [{ set_variable: { name: 'order', value: '7' } }, { say: { text: 'Thank you.' } }];
    });
    let asked: ActionsRequest | undefined;
    const line = await harness.line((request) => {
      asked = request;
      return [
        { gather: { prompt: 'Please enter your number, all of it.', num_digits: 4, timeout_seconds: 3 } },
        { type: 'redirect', url: menu, method: 'POST' },
      ];
    });
    const { caller, call } = await line.call({ talk: new Talk().silence(600).press('12*9').packets });
    const { call: last } = await call.next('call.completed');
    await caller.done;

    expect(asked).toMatchObject({ method: 'POST', verified: true, body: { reason: 'answer', data: {} } });
    expect(asked!.body.call).toMatchObject({
      id: call.id,
      status: 'ringing',
      direction: 'inbound',
      from: '+15557654321',
      to: line.number,
    });
    expect(redirected).toMatchObject({ verified: true, body: { reason: 'redirect' } });
    expect(redirected!.body.data).toEqual({ digits: '12*9', status: 'completed', timed_out: false });

    expect(call.eventNames).toEqual(['call.created', 'call.answered', 'call.gathered', 'call.completed']);
    expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4]);
    expect(call.events.every(({ verified }) => verified)).toBe(true);
    expect(call.events.map(({ call }) => call['status'])).toEqual([
      ...['ringing', 'in_progress', 'in_progress', 'completed'],
    ]);
    expect(call.events[2]!.data).toMatchObject({ digits: '12*9', min_digits: 4, max_digits: 4 });
    expect(call.events[3]).toMatchObject({
      variables: { order: '7' },
      data: { ended_by: 'application', reason: 'normal', event_key: `${call.id}:call.completed` },
    });
    expect(last['provider_call_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  it('leaves the call, its timeline, and its events with every delivery attempt', async ({ expect }) => {
    const line = await harness.line([{ say: { text: 'Good bye.' } }]);
    const { caller, call } = await line.call();
    await call.next('call.completed');
    await caller.done;
    expect(await call.read()).toMatchObject({
      id: call.id,
      status: 'completed',
      from: '+15557654321',
      reason: 'normal',
      ended_by: 'application',
    });
    const [request] = await call.timeline('request');
    expect(request).toMatchObject({ reason: 'answer', status: 200, error: null });
    expect(await call.actions()).toEqual(['say: completed']);
    const events = () => line.get(`/v1/calls/${call.id}/events`);
    await expect
      .poll(async () => (await events())['data'].map(summary))
      .toEqual([
        'call.created: delivered after 1',
        'call.answered: delivered after 1',
        'call.completed: delivered after 1',
      ]);
    const { data } = await events();
    const { deliveries } = await line.get(`/v1/events/${data[0].id}`);
    expect(deliveries).toMatchObject([{ attempt: 1, status: 204, error: null }]);
  });

  it('is visible to its own application only', async () => {
    const [line, other] = await Promise.all([harness.line([{ hangup: {} }]), harness.line([])]);
    const { caller, call } = await line.call();
    await call.next('call.completed');
    await caller.done;
    for (const path of ['', '/timeline', '/events', '/recordings']) {
      expect((await other.ask('GET', `/v1/calls/${call.id}${path}`)).status).toBe(404);
    }
  });

  it('can send digits in-band without telephone-event', async () => {
    const line = await harness.line([{ gather: { num_digits: 3, timeout_seconds: 4 } }]);
    const talk = new Talk().silence(500).pressInBand('5#8').silence(200).packets;
    const { call } = await line.call({ telephoneEvent: false, talk });
    const { data } = await call.next('call.gathered');
    expect(data).toMatchObject({ digits: '5#8', status: 'completed' });
  });

  it('is served by GET as well, with the digits in the query', async () => {
    const requests: ActionsRequest[] = [];
    const next = harness.app.on('/by-get', (request) => {
      requests.push(request);
      return [];
    });
    const line = await harness.line(
      (request) => {
        requests.push(request);
        return [
          { gather: { finish_on_key: '#', max_digits: 8, min_digits: 1 } },
          { redirect: { url: next } },
        ];
      },
      { answer_method: 'GET' },
    );
    const { call } = await line.call({ talk: new Talk().silence(300).press('42#').packets });
    await call.next('call.completed');
    expect(requests).toMatchObject([
      { method: 'GET', verified: true, query: { reason: 'answer', call_id: call.id, to: line.number } },
      {
        method: 'GET',
        verified: true,
        query: { reason: 'redirect', digits: '42', gather_status: 'completed' },
      },
    ]);
  });
});

describe.skipIf(missing.baresip)(
  `a caller with baresip ${missing.baresip ?? ''}`,
  { concurrent: true },
  () => {
    it('hears the prompts, and its digits are received', async () => {
      const menu = harness.app.on('/after-welcome', [
        { gather: { num_digits: 2, timeout_seconds: 5 } },
        { play: { url: harness.tone(1000, 600) } },
        // The phone never plays what is still in its jitter buffer when the call ends.
        { pause: { seconds: 0.3 } },
      ]);
      const line = await harness.line([
        { say: { text: 'Welcome. Press two keys.' } },
        { redirect: { url: menu } },
      ]);
      const phone = await Baresip.start();
      try {
        await phone.dial(line.uri);
        const call = await line.arrived();
        await harness.app.requests.take(({ path }) => path === '/after-welcome', 'redirect');
        await phone.press('4#');
        expect((await call.next('call.gathered')).data).toMatchObject({ digits: '4#', status: 'completed' });
        await phone.next('CALL_CLOSED');
        const audio = await phone.heard();
        expect(audio.loudMs(0) - audio.heardMs(0, 1000)).toBeGreaterThan(800);
        expect(audio.heardMs(0, 1000)).toBeGreaterThanOrEqual(580);
      } finally {
        await phone.close();
      }
    });
  },
);
