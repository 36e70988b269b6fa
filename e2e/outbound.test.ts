import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.ts';
import type { Step } from './support/answerer.ts';
import { Baresip } from './support/baresip.ts';
import { type Call, Harness } from './support/harness.ts';
import { Parties } from './support/parties.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
const parties = new Parties();
beforeAll(async () => {
  // Loopback loses nothing: a shorter T1 would only repeat requests when the machine is busy.
  harness = await Harness.open({ MINIVOICE_SIP_T1_MS: '2000' });
});
afterAll(async () => {
  await parties.close();
  await harness.close();
});

const why = missing.sipp ?? '';
/** Answers after ringing, and talks until either side hangs up. */
const TALKS: Step[] = [{ say: 200, sdp: true }, { hear: 'ACK' }, { until: 'end' }];
const play = (hz: number, ms: number) => ({ play: { url: harness.tone(hz, ms) } });
const wait = (seconds: number) => ({ pause: { seconds } });

describe.skipIf(missing.sipp)(`a call placed over REST ${why}`, { concurrent: true }, () => {
  it('is reported in order while it rings, is answered, and is hung up by the far end', async () => {
    const bob = await parties.callee(800, [{ say: 180 }, { wait: 2500 }, ...TALKS]);
    const line = await harness.line([play(1000, 20_000)]);
    const { status, body } = await line.place({ to: bob.uri, metadata: { order: 7 }, variables: { a: 'b' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ status: 'dialing', direction: 'outbound', from: line.number, to: bob.uri },
      ...{ metadata: { order: 7 }, route_mode: 'webhook', routing_target: body['application_id'] },
      ...{ ringing_at: null, answered_at: null, ended_at: null },
    });
    expect(body['dialing_at']).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);

    const call = line.callOf(body['id']);
    await bob.phone.hears(1000);
    expect(await call.read()).toMatchObject({ status: 'in_progress' });
    await bob.sipp.hangUp();
    const { data, variables } = await call.next('call.completed');
    expect(data).toMatchObject({ reason: 'normal', ended_by: 'callee' });
    expect(variables).toEqual({ a: 'b' });
    expect(call.eventNames).toEqual(['call.created', 'call.answered', 'call.completed']);
    expect(call.events.map((event) => event.data['sequence'])).toEqual([1, 2, 3]);
    expect(call.events.map((event) => event.call['status'])).toEqual([
      ...['dialing', 'in_progress', 'completed'],
    ]);
    const after = await call.read();
    const times = ['created_at', 'dialing_at', 'ringing_at', 'answered_at', 'ended_at'].map(
      (at) => after[at],
    );
    expect(times.every((time) => typeof time === 'string')).toBe(true);
    expect([...times].sort()).toEqual(times);
    expect(after['answered_at'] > after['ringing_at']).toBe(true);
    const [request] = harness.app.requests.all.filter((asked) => asked.body.call?.['id'] === call.id);
    expect(request).toMatchObject({ verified: true, body: { reason: 'answer', variables: { a: 'b' } } });
  });

  it('with inline actions fetches no document, and with record: true is recorded from the answer', async () => {
    const bob = await parties.callee(800, TALKS);
    const line = await harness.line(500);
    const actions = [wait(0.5), play(1000, 600), wait(0.5)];
    const call = await line.dial({ to: bob.uri, actions, record: true });
    await call.next('call.completed');
    await bob.sipp.done;
    expect(await call.read()).toMatchObject({ metadata: { record: true }, ended_by: 'application' });
    expect(call.eventNames).toEqual([
      ...['call.created', 'call.answered', 'recording.started', 'recording.completed', 'call.completed'],
    ]);
    expect(harness.app.requests.all.filter((asked) => asked.body.call?.['id'] === call.id)).toEqual([]);
    const audio = await call.hear();
    expect(audio.durationMs).toBeGreaterThanOrEqual(1580);
    expect(audio.heardMs(1, 1000)).toBeGreaterThanOrEqual(580);
    expect(audio.heardMs(0, 800)).toBeGreaterThan(1300);
    expect(audio.heardMs(0, 1000) + audio.heardMs(1, 800)).toBe(0);
  });

  it.each<[string, number, Step[], number | undefined]>([
    ['busy', 486, [{ say: 180 }, { say: 486 }, { hear: 'ACK' }], undefined],
    ['rejected', 603, [{ say: 180 }, { say: 603 }, { hear: 'ACK' }], undefined],
    ['unreachable', 404, [{ say: 404 }, { hear: 'ACK' }], undefined],
    ['no_answer', 408, [{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }], 5],
  ])('fails as %s (%d)', async (reason, sip_status, steps, timeout_seconds) => {
    const bob = await parties.callee(0, steps);
    const line = await harness.line([]);
    const call = await line.dial({ to: bob.uri, ...(timeout_seconds ? { timeout_seconds } : {}) });
    const { data } = await call.next('call.failed');
    expect(data).toMatchObject({ reason, sip_status, billsec_seconds: 0, error: { code: reason } });
    expect(call.eventNames).toEqual(['call.created', 'call.failed']);
    expect(await call.read()).toMatchObject({ status: 'failed', reason, answered_at: null });
    await bob.sipp.done;
  });

  it('is canceled when it is hung up while it rings', async () => {
    const bob = await parties.callee(0, [{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }]);
    const line = await harness.line([]);
    const call = await line.dial({ to: bob.uri });
    await ringing(call);
    expect((await call.hangUp()).status).toBe(202);
    await bob.sipp.done;
    const { data } = await call.next('call.canceled');
    expect(data).toMatchObject({ reason: 'canceled', ended_by: 'application', billsec_seconds: 0 });
    expect(await call.read()).toMatchObject({ status: 'canceled' });
  });

  it('sends BYE when it is hung up after the answer', async () => {
    const bob = await parties.callee(0, TALKS);
    const line = await harness.line([wait(20)]);
    const call = await line.dial({ to: bob.uri });
    await call.next('call.answered');
    await call.hangUp();
    await bob.sipp.done;
    expect((await call.next('call.completed')).data['ended_by']).toBe('application');
  });

  it('with early media is in progress only after the answer', async () => {
    const bob = await parties.callee(800, [{ say: 183, sdp: true }, { wait: 2500 }, ...TALKS]);
    const line = await harness.line([play(1000, 5000)]);
    const call = await line.dial({ to: bob.uri, record: true });
    await bob.phone.hears(1000);
    await bob.phone.more(25);
    await bob.sipp.hangUp();
    await call.next('call.completed');
    const { ringing_at, answered_at } = await call.read();
    expect(answered_at > ringing_at).toBe(true);
    expect((await call.hear()).heardMs(0, 800)).toBeGreaterThan(100);
  });

  it('sends digits to the far end', async () => {
    const bob = await parties.callee(0, TALKS);
    const line = await harness.line([{ send_digits: { digits: '42#' } }]);
    await line.dial({ to: bob.uri });
    await bob.sipp.done;
    expect(bob.phone.keys.all).toEqual(['4', '2', '#']);
  });

  it('gathers the digits of the far end', async () => {
    const bob = await parties.callee(0, TALKS);
    const line = await harness.line([{ gather: { prompt: 'Please press two keys.', num_digits: 2 } }]);
    const call = await line.dial({ to: bob.uri });
    await bob.phone.until(() => bob.phone.loudness(-5) > 500, 'speech');
    bob.phone.press('31');
    expect((await call.next('call.gathered')).data).toMatchObject({ digits: '31', status: 'completed' });
    await bob.sipp.done;
  });

  it('with the same Idempotency-Key is one call', async () => {
    const bob = await parties.callee(0, TALKS);
    const line = await harness.line([wait(1)]);
    const key = { 'Idempotency-Key': 'once' };
    const [one, two] = await Promise.all([
      line.place({ to: bob.uri }, key),
      line.place({ to: bob.uri }, key),
    ]);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.body['id']).toBe(one.body['id']);
    expect((await line.place({ to: 'sip:eve@127.0.0.1' }, key)).status).toBe(409);
    await bob.sipp.done;
    expect((await line.get('/v1/calls'))['count']).toBe(1);
  });

  it('is refused if no trunk leads to the number', async () => {
    const line = await harness.line([]);
    const { status, body } = await line.place({ to: '+4930123456' });
    expect([status, body['error'].code]).toEqual([400, 'no_active_trunk']);
    expect((await line.get('/v1/calls'))['count']).toBe(0);
  });
});

describe.skipIf(missing.sipp)(`a call over a trunk ${why}`, { concurrent: true }, () => {
  async function lineOver(port: number, more: object = {}) {
    const line = await harness.line([play(1000, 10_000)]);
    const { status } = await line.ask('POST', '/v1/trunks', {
      ...{ name: 'Carrier', proxy: `127.0.0.1:${port}`, ...more },
    });
    expect(status).toBe(201);
    return line;
  }

  it('reaches the number at the carrier', async () => {
    const bob = await parties.callee(0, TALKS);
    const line = await lineOver(bob.sipp.port);
    const call = await line.dial({ to: '+4930123456' });
    await bob.phone.hears(1000);
    await bob.sipp.hangUp();
    await call.next('call.completed');
    expect(await call.read()).toMatchObject({ to: '+4930123456', from: line.number, status: 'completed' });
  });

  it('authenticates with the carrier (407)', async () => {
    const asks = 'Proxy-Authenticate: Digest realm="carrier", nonce="abc", algorithm=MD5, qop="auth"';
    const bob = await parties.callee(0, [
      ...([{ say: 407, headers: [asks] }, { hear: 'ACK' }] as Step[]),
      ...([{ hear: 'INVITE', with: 'Digest username=.acme.' }, ...TALKS] as Step[]),
    ]);
    const line = await lineOver(bob.sipp.port, { username: 'acme', password: 'secret' });
    const call = await line.dial({ to: '+4930123456' });
    await bob.phone.hears(1000);
    await call.hangUp();
    await bob.sipp.done;
  });

  it('follows a redirect (302)', async () => {
    const there = await parties.callee(0, TALKS);
    const moved = { say: 302, headers: [`Contact: <${there.uri}>`] };
    const bob = await parties.callee(0, [moved, { hear: 'ACK' }]);
    const line = await lineOver(bob.sipp.port);
    const call = await line.dial({ to: '+4930123456' });
    await there.phone.hears(1000);
    await call.hangUp();
    await Promise.all([bob.sipp.done, there.sipp.done]);
  });

  it('bridges a caller with the caller ID that the document gives', async () => {
    const bob = await parties.callee(800, TALKS);
    const line = await lineOver(bob.sipp.port);
    const bridge = { destination: '+4930123456', from: '+15559990000' };
    const called = harness.app.on('/bridge-over-trunk', [{ bridge }]);
    const { body } = await line.ask('GET', '/v1/applications');
    await line.ask('PATCH', `/v1/applications/${body['data'][0].id}`, { answer_url: called });
    const alice = await parties.caller(line, 600);
    await Promise.all([alice.phone.hears(800), bob.phone.hears(600)]);
    await alice.sipp.hangUp();
    await bob.sipp.done;
  });
});

describe.skipIf(missing.baresip)(`a registered phone ${missing.baresip ?? ''}`, () => {
  it('is called by its user name', async () => {
    const line = await harness.line([play(1000, 600), wait(0.5)]);
    const { body } = await line.ask('POST', '/v1/phones', { username: 'outbound-desk' });
    const { host, port } = harness.server.sip;
    const login = { username: 'outbound-desk', password: body['password'], at: `${host}:${port}` };
    const phone = await Baresip.start({ hz: 600, login });
    await until(async () => (await line.get(`/v1/phones/${body['id']}`))['registered'], 'it is registered');
    const call = await line.dial({ to: `sip:outbound-desk@${host}:${port}`, record: true });
    await call.next('call.completed');
    const audio = await phone.heard();
    await phone.close();
    expect(audio.heardMs(0, 1000)).toBeGreaterThan(500);
    expect((await call.hear()).heardMs(0, 600)).toBeGreaterThan(500);
  });
});

/** Resolves when REST shows that the call is ringing. */
async function ringing(call: Call): Promise<void> {
  await until(async () => (await call.read())['status'] === 'ringing', 'it rings');
}
