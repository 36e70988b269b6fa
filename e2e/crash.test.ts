import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/index.ts';
import { START, STOP, talk, wait } from './support/flow.ts';
import { missing } from './support/peers.ts';
import { type Call, Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

describe.skipIf(missing.sipp)(`kill -9 ${missing.sipp ?? ''}`, () => {
  it('costs a recording at most its last second, and no event', async () => {
    const later = stage.app.on('/later', [wait(60)]);
    const play = { play: { url: stage.tone(1000, 1500) } };
    const line = await stage.line([START, play, { redirect: { url: later } }]);
    const deaf = await stage.line([START, wait(60)]);
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
    const line = await stage.line([START, wait(0.3)]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.told.slice(2)).toEqual(['recording.started', 'recording.completed', 'call.completed']);
    expect(before.every((id) => id < call.id)).toBe(true);
    const deliveries = stage.app.events.all.map(({ headers }) => headers['x-minivoice-delivery']);
    expect(new Set(deliveries).size).toBe(deliveries.length);
  });

  it('in the middle of many calls leaves each with one end, and each recording with one', async () => {
    const often = Array.from({ length: 20 }, () => [START, wait(0.1), STOP]);
    const line = await stage.line(often.flat());
    const { call: first } = await line.call({ talk, calls: 8 });
    const calls = [first, ...(await Promise.all(Array.from({ length: 7 }, () => line.arrived())))];
    await Promise.all(calls.map((call) => call.next('recording.completed')));
    await first.next('recording.completed');
    await stage.crash();
    await Promise.all(calls.map((call) => call.next('call.failed')));
    for (const call of calls) await expectWhole(call);
  });
});

/** No event is missing or came twice but the one in flight, and whatever began has ended once. */
async function expectWhole(call: Call): Promise<void> {
  const events = call.events.filter(({ data }, i, all) => {
    return all.findIndex((other) => other.data['event_key'] === data['event_key']) === i;
  });
  expect(call.events.length - events.length).toBeLessThanOrEqual(1);
  expect(events.map(({ data }) => data['sequence'])).toEqual(events.map((_, i) => i + 1));
  expect(events.at(-1)!.event).toBe('call.failed');
  const recordings = await call.recordings();
  const about = (id: string) =>
    events.filter(({ data }) => data['recording_id'] === id).map(({ event }) => event);
  for (const { id, status, duration_ms, error } of recordings) {
    expect(about(id)).toEqual(['recording.started', `recording.${status}`]);
    if (status === 'completed') expect((await call.hear(id)).durationMs).toBe(duration_ms);
    // One that had just begun may have had nothing on disk.
    else expect([id, error.code]).toEqual([recordings.at(-1)!['id'], 'recording_lost']);
  }
  expect(events.filter(({ event }) => event === 'recording.started')).toHaveLength(recordings.length);
}
