import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Misbehavior } from '../tests/support/app-server.ts';
import { START, wait } from './support/actions.ts';
import { Baresip } from './support/baresip.ts';
import { Harness } from './support/harness.ts';
import { freePort, missing } from './support/peers.ts';
import { Sipp } from './support/sipp.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

const why = missing.sipp ?? '';

describe.skipIf(missing.sipp)(`an application ${why}`, { concurrent: true }, () => {
  /** Calls an application that answers in the given manner, and waits until the call fails. */
  async function failure(how: Misbehavior | object, fields = {}) {
    let asked = 0;
    const line = await harness.line(() => {
      asked += 1;
      return how;
    }, fields);
    const { caller, call } = await line.call();
    const { data } = await call.next('call.failed');
    await caller.done;
    return { call, data, asked };
  }

  it('that answers with 500 is asked once more, and then the caller hears the error prompt', async () => {
    const { call, data, asked } = await failure(500, { fault_message: 'Sorry.' });
    expect(asked).toBe(2);
    expect(data).toMatchObject({ reason: 'answer_url_error', ended_by: 'application' });
    expect(data['error'].code).toBe('answer_url_error');
    expect(call.eventNames).toEqual(['call.created', 'call.answered', 'call.failed']);
    expect((await call.timeline('request')).map(({ status }) => status)).toEqual([500, 500]);
  });

  it('that does not answer within five seconds fails the call', async () => {
    const { call, data, asked } = await failure('silent', { fault_message: 'Sorry.' });
    expect(asked).toBe(1);
    expect(data).toMatchObject({ reason: 'answer_url_error' });
    const [request] = await call.timeline('request');
    expect(request!['duration_ms']).toBeGreaterThanOrEqual(4900);
    // A second attempt would take another five seconds.
    expect(request!['duration_ms']).toBeLessThan(9500);
  });

  it('that answers with invalid JSON gets an error that says so', async () => {
    const { data, asked } = await failure('garbage', { fault_message: 'Sorry.' });
    expect(asked).toBe(1);
    expect(data['error']).toMatchObject({ message: 'invalid action payload', details: [{ pointer: '' }] });
  });

  it('that answers with invalid actions gets every fault at once, and no action runs', async () => {
    const wrong = [
      { say: { text: '' } },
      { gather: { num_digits: 0 } },
      { juggle: {} },
      { pause: { minutes: 1 } },
    ];
    const { call, data } = await failure(wrong, { fault_message: 'Sorry.' });
    const pointers = data['error'].details.map(({ pointer }: { pointer: string }) => pointer);
    for (const part of ['/actions/0', '/actions/1', '/actions/2', '/actions/3']) {
      expect(pointers).toContainEqual(expect.stringContaining(part));
    }
    expect(await call.actions()).toEqual([]);
  });

  it('that is down is replaced by its fallback_answer_url', async () => {
    const down = `http://127.0.0.1:${freePort()}/`;
    const fallback = harness.app.on('/fallback', [wait(0.1)]);
    const line = await harness.line([], { answer_url: down, fallback_answer_url: fallback });
    const { call } = await line.call();
    expect((await call.next('call.completed')).data['reason']).toBe('normal');
    expect(await call.actions()).toEqual(['pause: completed']);
  });

  it('that fails at a redirect fails the call after the previous actions', async () => {
    const gone = harness.app.url('/nowhere');
    const actions = [wait(0.1), { redirect: { url: gone } }, wait(9)];
    const line = await harness.line(actions, { fault_message: 'Sorry.' });
    const { call } = await line.call();
    const { data } = await call.next('call.failed');
    expect(data['error'].code).toBe('answer_url_error');
    expect(await call.actions()).toEqual(['pause: completed', 'redirect: answer_url_error']);
  });

  it('that plays a missing file continues with the next action', async () => {
    const line = await harness.line([{ play: { url: harness.app.url('/no.wav') } }, wait(0.1)]);
    const { call } = await line.call();
    await call.next('call.completed');
    expect(await call.actions()).toEqual(['play: play_failed', 'pause: completed']);
  });

  it('whose webhook fails at first still receives every event in order', async () => {
    const line = await harness.line([START, wait(0.2)]);
    let refusals = 0;
    harness.app.webhook = ({ event, call }) =>
      call['to'] === line.number && event === 'call.answered' && refusals++ === 0 ? 500 : 204;
    const { call } = await line.call();
    await call.next('call.completed');
    expect(call.events.map(({ event, headers }) => `${event} ${headers['x-minivoice-attempt']}`)).toEqual([
      'call.created 1',
      'call.answered 1',
      'call.answered 2',
      'recording.started 1',
      'recording.completed 1',
      'call.completed 1',
    ]);
  });
});

describe.skipIf(missing.baresip)(`the caller ${missing.baresip ?? ''}`, { concurrent: true }, () => {
  it('hears the error prompt when the application is down', async () => {
    const line = await harness.line([], { answer_url: `http://127.0.0.1:${freePort()}/` });
    const phone = await Baresip.start();
    try {
      await phone.dial(line.uri);
      const call = await line.arrived();
      await phone.next('CALL_CLOSED');
      expect((await phone.heard()).loudMs(0)).toBeGreaterThan(1500);
      await call.next('call.failed');
    } finally {
      await phone.close();
    }
  });
});

describe.skipIf(missing.sipp)(`an INVITE ${why}`, { concurrent: true }, () => {
  const refused = async (to: string, expected: number, more = {}) => {
    const caller = await Sipp.call(harness.server, { to, expect: expected, ...more });
    await caller.done;
  };

  it('for an unknown number gets 404', () => refused('+15559999999', 404));

  it('for a number with route mode reject gets 603', async () => {
    const line = await harness.line([]);
    const { data } = await harness.server.admin<{ data: { id: string; number_e164: string }[] }>(
      'GET',
      '/dids?limit=200',
    );
    const did = data.find(({ number_e164 }) => number_e164 === line.number)!;
    await harness.server.admin('PATCH', `/dids/${did.id}`, { route_mode: 'reject' });
    await refused(line.number, 603);
  });

  it('without a supported codec gets 488', async () => {
    const line = await harness.line([]);
    await refused(line.number, 488, { codecs: [18] });
  });

  it.each([
    ['busy', 486],
    ['rejected', 603],
  ])('that the application finds %s gets %i', async (reason, status) => {
    const line = await harness.line([{ hangup: { reason } }]);
    const { caller, call } = await line.call({ expect: status });
    const { data } = await call.next('call.failed');
    await caller.done;
    expect(data).toMatchObject({ reason, ended_by: 'application', billsec_seconds: 0 });
    expect(call.eventNames).toEqual(['call.created', 'call.failed']);
  });

  it('canceled while it rings becomes a canceled call', async () => {
    const line = await harness.line('silent');
    const { caller, call } = await line.call({ expect: 487 });
    await caller.hangUp();
    const { data } = await call.next('call.canceled');
    expect(data).toMatchObject({ reason: 'canceled', ended_by: 'caller' });
    expect(call.eventNames).toEqual(['call.created', 'call.canceled']);
    expect(await call.read()).toMatchObject({ status: 'canceled', answered_at: null });
  });

  it('is answered although garbage arrives at the same port', async () => {
    const socket = createSocket('udp4');
    const rubbish = ['', '\0\0\0\0', 'INVITE', 'INVITE sip: SIP/2.0\r\nVia:\r\n\r\n', 'x'.repeat(60_000)];
    for (const text of rubbish) socket.send(text, harness.server.sip.port, '127.0.0.1');
    const line = await harness.line([wait(0.1)]);
    const { caller, call } = await line.call();
    await call.next('call.completed');
    await caller.done;
    socket.close();
    await once(socket, 'close');
  });
});

describe.skipIf(missing.sipp)(`a caller ${why}`, { concurrent: true }, () => {
  const actions = {
    say: {
      say: { text: 'This is a long sentence that nobody hears to its end, because the caller has hung up.' },
    },
    play: { play: { url: '' } },
    pause: wait(30),
    redirect: { redirect: { url: '' } },
  };

  it.each(Object.entries(actions))('that hangs up during %s ends the call at once', async (name, action) => {
    const url = name === 'play' ? harness.tone(1000, 20_000) : harness.app.on('/slow', 'silent');
    const first = 'url' in Object.values(action)[0]! ? { [name]: { url } } : action;
    const line = await harness.line([START, first, { say: { text: 'No.' } }]);
    const { caller, call } = await line.call();
    await call.next('recording.started');
    await caller.hangUp();
    const { data } = await call.next('call.completed');
    expect(data).toMatchObject({ ended_by: 'caller', reason: 'normal' });
    expect(await call.actions()).toEqual(['start_recording: completed', `${name}: interrupted`]);
  });

  it('that hangs up during gather cancels the gather before the call ends', async () => {
    const line = await harness.line([START, { gather: { timeout_seconds: 30 } }]);
    const { caller, call } = await line.call();
    await call.next('recording.started');
    await caller.hangUp();
    await call.next('call.completed');
    expect((await call.next('call.gathered')).data).toMatchObject({ status: 'canceled', digits: '' });
    expect(call.eventNames.at(-1)).toBe('call.completed');
  });
});

describe.skipIf(missing.sipp)(`a public server ${why}`, () => {
  it('refuses SIP from unknown sources and accepts it from a trunk', async () => {
    const world = await Harness.open({
      MINIVOICE_SIP_HOST: '0.0.0.0',
      MINIVOICE_PUBLIC_ADDRESS: '127.0.0.1',
    });
    try {
      const line = await world.line([wait(0.1)]);
      await (await Sipp.call(world.server, { to: line.number, expect: 403 })).done;
      const { data } = await world.server.admin<{ data: { customer_id: string }[] }>('GET', '/applications');
      const trunk = {
        customer_id: data[0]!.customer_id,
        name: 'carrier',
        proxy: '192.0.2.1',
        inbound_ip: '127.0.0.0/24',
      };
      await world.server.admin('POST', '/trunks', trunk);
      const { call } = await line.call();
      await call.next('call.completed');
    } finally {
      await world.close();
    }
  });
});

describe.skipIf(missing.sipp)(`a server that cannot write recordings ${why}`, () => {
  it('reports the failure, and the call continues', async () => {
    const broken = await Harness.open();
    try {
      const folder = join(broken.server.dataDir, 'recordings');
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, 'a file instead of a folder');
      const line = await broken.line([START, wait(5)]);
      const { caller, call } = await line.call();
      const { data } = await call.next('recording.failed');
      expect(data['error'].code).toBe('recording_start_failed');
      expect(await call.record('start')).toMatchObject({
        status: 502,
        body: { error: { code: 'recording_start_failed' } },
      });
      await caller.hangUp();
      await call.next('call.completed');
      expect(await call.actions()).toEqual(['start_recording: recording_start_failed', 'pause: interrupted']);
    } finally {
      await broken.close();
    }
  });
});
