import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../src/core/index.ts';
import { systemNetwork } from '../src/net/index.ts';
import { createUserAgent } from '../src/sip/index.ts';
import { TestReceiver } from '../src/streams/testing/receiver.ts';
import { START, STOP, talk, wait } from './support/actions.ts';
import { Answerer } from './support/answerer.ts';
import { Harness } from './support/harness.ts';
import { missing } from './support/peers.ts';
import { Sipp } from './support/sipp.ts';

/** The status of the response to OPTIONS, which proxies use as a probe. */
async function probe({ host, port }: { host: string; port: number }): Promise<number> {
  const deps = { clock: systemClock, random: systemRandom, network: systemNetwork, log: silentLog };
  const agent = createUserAgent({ ...deps, host: '127.0.0.1', port: 0, userAgent: 'proxy' });
  await agent.listen();
  const ask = { method: 'OPTIONS', target: `sip:${host}:${port}`, from: 'sip:proxy@127.0.0.1' };
  const { status } = await agent.request(ask);
  await agent.close();
  return status;
}

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open({ MINIVOICE_DRAIN_SECONDS: '2' });
});
afterAll(() => harness.close());

describe.skipIf(missing.sipp)(`SIGTERM ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  it('lets running calls end, refuses new ones, and finishes everything', async () => {
    const [short, long] = await Promise.all([
      harness.line([START, wait(1), STOP]),
      harness.line([START, wait(60)]),
    ]);
    const calls = await Promise.all([short.call({ talk }), long.call({ talk })]);
    const [ending, staying] = calls.map(({ call }) => call);
    await Promise.all([ending!.next('recording.started'), staying!.next('recording.started')]);

    const gone = harness.server.terminate();
    await harness.server.logged('stopping');
    const refused = await Sipp.call(harness.server, { to: short.number, expect: 503 });
    await refused.done;
    expect((await ending!.next('recording.completed')).data['ended_by']).toBe('stop_recording');
    expect((await ending!.next('call.completed')).data['reason']).toBe('normal');
    const cut = await staying!.next('recording.completed');
    expect(cut.data['ended_by']).toBe('hangup');
    expect(cut.data['duration_ms']).toBeGreaterThan(1500);
    expect((await staying!.next('call.completed')).data['ended_by']).toBe('system');
    await Promise.all(calls.map(({ caller }) => caller.done));
    expect(await gone).toBe(0);

    await harness.restart();
    expect(await staying!.recordings()).toMatchObject([{ status: 'completed', recovered: false }]);
    expect((await staying!.hear()).durationMs).toBe(cut.data['duration_ms']);
  });
});

describe.skipIf(missing.sipp)(`a second signal ${missing.sipp ?? ''}`, { concurrent: true }, () => {
  let busy: Harness;
  let listener: TestReceiver;
  beforeAll(async () => {
    listener = await TestReceiver.listen();
    busy = await Harness.open({ MINIVOICE_DRAIN_SECONDS: '60' });
  });
  afterAll(async () => {
    listener.close();
    await busy.close();
  });

  it('ends everything at once and loses nothing', async () => {
    const [asking, meeting, streaming, quiet] = await Promise.all([
      busy.line([START, { gather: { prompt: 'Please wait.', timeout_seconds: 30 } }]),
      busy.line([START, { conference: { room: 'drain' } }]),
      busy.line([START, { start_stream: { stream_url: listener.url } }, wait(60)]),
      busy.line([wait(60)]),
    ]);
    const deaf = await busy.line([START, wait(60)], { webhook_url: busy.app.on('/deaf', 'silent') });
    const ringing = await Answerer.start([{ say: 180 }, { hear: 'CANCEL' }, { say: 487 }, { hear: 'ACK' }]);
    const vanished = await Answerer.start([{ say: 200, sdp: true }, { hear: 'ACK' }, { until: 'end' }]);
    const taken = await Promise.all([asking, meeting, streaming].map((line) => line.call({ talk })));
    await Promise.all(taken.map(({ call }) => call.next('recording.started')));
    const unheard = await Sipp.call(busy.server, { to: deaf.number, talk });
    const [dialing, lost] = [await quiet.dial({ to: ringing.uri }), await quiet.dial({ to: vanished.uri })];
    await lost.next('call.answered');
    await vanished.close();
    await busy.app.requests.take(({ path }) => path === '/deaf', 'event for the one who does not answer');
    const slow = connect(Number(new URL(busy.server.http).port), '127.0.0.1');
    slow.on('error', () => {});
    await once(slow, 'connect');
    slow.write('POST /v1/calls HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{');

    const gone = busy.server.terminate();
    await busy.server.logged('stopping');
    const refused = await quiet.place({ to: ringing.uri });
    expect([refused.status, refused.body['error'].code]).toEqual([503, 'overloaded']);
    expect(await probe(busy.server.sip)).toBe(503);
    const ready = await fetch(`${busy.server.http}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { error: { code: 'not_ready', message: 'the server is stopping' } },
    ]);
    expect(ready.headers.get('Retry-After')).toBe('5');
    expect((await quiet.get('/v1/calls')).count).toBe(2);
    const at = performance.now();
    process.kill(busy.server.pid, 'SIGINT');
    expect(await gone).toBe(0);
    // Without the second signal it would take a minute.
    expect(performance.now() - at).toBeLessThan(40_000);
    slow.destroy();
    await Promise.all([unheard.done, ringing.done, ...taken.map(({ caller }) => caller.done)]);
    expect(listener.last.messages.at(-1)).toMatchObject({ event: 'stop' });

    busy.app.on('/deaf', 204);
    await busy.restart();
    for (const { call } of taken) {
      expect((await call.next('call.completed')).data).toMatchObject({
        ended_by: 'system',
        reason: 'normal',
      });
      const keys = call.events.map(({ data }) => data['event_key']);
      expect(new Set(keys.filter((key) => key.includes('recording.completed'))).size).toBe(1);
      const [recording] = await call.recordings();
      expect(recording).toMatchObject({ status: 'completed', recovered: false, ended_by: 'hangup' });
      expect((await call.hear()).durationMs).toBe(recording!['duration_ms']);
    }
    expect((await dialing.next('call.canceled')).data['ended_by']).toBe('system');
    expect((await lost.next('call.completed')).data['ended_by']).toBe('system');
    await busy.app.requests.take(({ body }) => body['event' as never] === 'call.completed', 'the last event');
  });
});
