import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/index.ts';
import { START, STOP, talk, wait } from './support/actions.ts';
import { type Call, Harness } from './support/harness.ts';
import { missing } from './support/peers.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.open();
});
afterAll(() => harness.close());

describe.skipIf(missing.sipp)(`kill -9 ${missing.sipp ?? ''}`, () => {
  it('loses at most the last second of a recording, and no event', async () => {
    const later = harness.app.on('/later', [wait(60)]);
    const play = { play: { url: harness.tone(1000, 1500) } };
    const line = await harness.line([START, play, { redirect: { url: later } }]);
    const deaf = await harness.line([START, wait(60)]);
    // This webhook accepts an event without answering: the attempt is in flight when the server dies.
    harness.app.webhook = ({ event, call }) =>
      call['to'] === deaf.number && event === 'recording.started' ? 'silent' : 204;
    const [{ call }, { call: unheard }] = await Promise.all([line.call({ talk }), deaf.call({ talk })]);
    await call.next('recording.started');
    const began = systemClock.now();
    await unheard.next('recording.started');
    await harness.app.requests.take(({ path }) => path === '/later', 'redirect');
    const lasted = systemClock.now() - began;
    harness.app.webhook = () => 204;
    await harness.crash();

    const { data } = await call.next('call.failed');
    expect(data).toMatchObject({ reason: 'node_restarted', ended_by: 'system' });
    await unheard.next('call.failed');
    const [created, answered, started] = ['call.created', 'call.answered', 'recording.started'];
    const end = ['recording.completed', 'call.failed'];
    expect(call.eventNames).toEqual([created, answered, started, ...end]);
    expect(unheard.eventNames).toEqual([created, answered, started, started, ...end]);
    expect(call.events.map(({ data }) => data['sequence'])).toEqual([1, 2, 3, 4, 5]);
    expect(call.events[3]!.data).toMatchObject({ recovered: true, status: 'completed' });

    const [recording] = await call.recordings();
    expect(recording).toMatchObject({ status: 'completed', recovered: true });
    const audio = await call.hear();
    expect(audio.durationMs).toBe(recording!['duration_ms']);
    expect(audio.durationMs).toBeGreaterThanOrEqual(lasted - 1000);
    expect(audio.heardMs(0, 440)).toBeGreaterThan(audio.durationMs - 200);
    expect(audio.heardMs(1, 1000)).toBeGreaterThan(400);
    expect(await call.read()).toMatchObject({ status: 'failed', reason: 'node_restarted' });
  });

  it('never repeats an id, and takes the next calls normally', async () => {
    const before = harness.app.events.all.map(({ call }) => call['id']);
    const line = await harness.line([START, wait(0.3)]);
    const { call } = await line.call({ talk });
    await call.next('call.completed');
    expect(call.eventNames.slice(2)).toEqual(['recording.started', 'recording.completed', 'call.completed']);
    expect(before.every((id) => id < call.id)).toBe(true);
    const deliveries = harness.app.events.all.map(({ headers }) => headers['x-minivoice-delivery']);
    expect(new Set(deliveries).size).toBe(deliveries.length);
  });

  it('during many calls ends each call once and each recording once', async () => {
    const often = Array.from({ length: 20 }, () => [START, wait(0.1), STOP]);
    const line = await harness.line(often.flat());
    const { call: first } = await line.call({ talk, calls: 8 });
    const calls = [first, ...(await Promise.all(Array.from({ length: 7 }, () => line.arrived())))];
    await Promise.all(calls.map((call) => call.next('recording.completed')));
    await first.next('recording.completed');
    await harness.crash();
    await Promise.all(calls.map((call) => call.next('call.failed')));
    for (const call of calls) await expectWhole(call);
  });
});

/** No event is missing or duplicated except the one in flight, and everything that began ended once. */
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
    // A recording that had just begun may have nothing on disk.
    else expect([id, error.code]).toEqual([recordings.at(-1)!['id'], 'recording_lost']);
  }
  expect(events.filter(({ event }) => event === 'recording.started')).toHaveLength(recordings.length);
}
