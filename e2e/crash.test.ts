import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/kit/index.ts';
import { Talk } from './support/pcap.ts';
import { missing } from './support/peers.ts';
import { Stage } from './support/stage.ts';

const talk = new Talk().tone(440, 10_000).packets;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

describe.skipIf(missing.sipp)(`kill -9 ${missing.sipp ?? ''}`, () => {
  it('costs a recording at most its last second, and no event', async () => {
    const later = stage.app.on('/later', [{ pause: { seconds: 60 } }]);
    const play = { play: { url: stage.tone(1000, 1500) } };
    const line = await stage.line([{ start_recording: {} }, play, { redirect: { url: later } }]);
    const deaf = await stage.line([{ start_recording: {} }, { pause: { seconds: 60 } }]);
    // This one's webhook takes an event and does not say so: the try is in flight when the program dies.
    stage.app.webhook = ({ event, call }) =>
      call['to'] === deaf.number && event === 'recording.started' ? 'silent' : 204;
    const [{ call }, { call: unheard }] = await Promise.all([line.call({ talk }), deaf.call({ talk })]);
    await call.next('recording.started');
    const began = systemClock.now();
    await unheard.next('recording.started');
    await stage.app.requests.take(({ path }) => path === '/later', 'redirect');
    const lasted = systemClock.now() - began;
    stage.app.webhook = () => 204;
    await stage.crash();

    const { data } = await call.next('call.failed');
    expect(data).toMatchObject({ reason: 'node_restarted', ended_by: 'system' });
    await unheard.next('call.failed');
    const [created, answered, started] = ['call.created', 'call.answered', 'recording.started'];
    const end = ['recording.completed', 'call.failed'];
    expect(call.told).toEqual([created, answered, started, ...end]);
    expect(unheard.told).toEqual([created, answered, started, started, ...end]);
    expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4, 5]);
    expect(call.events[3]!.data).toMatchObject({ recovered: true, status: 'completed' });

    const [recording] = await call.recordings();
    expect(recording).toMatchObject({ status: 'completed', recovered: true });
    const ear = await call.hear();
    expect(ear.durationMs).toBe(recording!['duration_ms']);
    expect(ear.durationMs).toBeGreaterThanOrEqual(lasted - 1000);
    expect(ear.heardMs(0, 440)).toBeGreaterThan(ear.durationMs - 200);
    expect(ear.heardMs(1, 1000)).toBeGreaterThan(400);
    expect(await call.read()).toMatchObject({ status: 'failed', reason: 'node_restarted' });
  });

  it('makes no id come twice, and the next calls are as any', async () => {
    const before = stage.app.events.all.map(({ call }) => call['id']);
    const line = await stage.line([{ start_recording: {} }, { pause: { seconds: 0.3 } }]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.told.slice(2)).toEqual(['recording.started', 'recording.completed', 'call.completed']);
    expect(before.every((id) => id < call.id)).toBe(true);
    const deliveries = stage.app.events.all.map(({ headers }) => headers['x-minivoice-delivery']);
    expect(new Set(deliveries).size).toBe(deliveries.length);
  });
});
