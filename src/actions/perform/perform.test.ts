import { describe, expect, test } from 'vitest';
import { SimulatedCall } from '../testing/simulated-call.ts';

const after = { say: { text: 'ten chars!' } };

describe('conference', () => {
  const conferenceWith = (more: object = {}) => ({
    '/answer': [{ conference: { room: 'one', ...more } }, after],
  });

  test('keeps the call in the conference of its application until the caller hangs up', async () => {
    const call = new SimulatedCall(conferenceWith({ mute: true }));
    await call.seconds(60);
    expect(call.leg.seen.at(-1)).toBe('entered muted');
    expect(call.leg.sound.mixer).toBe('app_1/one');
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.conferences.size).toBe(0);
    expect(call.done).toEqual(['conference interrupted']);
  });

  test('unmutes a participant who joined muted, once', async () => {
    const call = new SimulatedCall(conferenceWith({ mute: true }));
    await call.seconds(1);
    const unmute = { unmute: { direction: 'write' } };
    call.takeOver([{ mute: { direction: 'read' } }, { unmute: { direction: 'read' } }, unmute, unmute]);
    await call.seconds(1);
    expect(call.leg.seen.filter((what) => what.startsWith('entered'))).toEqual([
      ...['entered muted', 'entered speaking'],
    ]);
    expect(call.leg.sound.mixer).toBe('app_1/one');
  });

  test('ends for everybody when a participant leaves whose exit ends it', async () => {
    const call = new SimulatedCall(conferenceWith());
    await call.seconds(1);
    call.conferences.join('app_1/one', true).leave();
    await call.seconds(0);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'application' });
  });

  test('fails when it is full, and the next action follows', async () => {
    const call = new SimulatedCall(conferenceWith());
    for (let i = 0; i < 100; i++) call.conferences.join('app_1/one', false);
    await call.seconds(1);
    expect(call.done).toEqual(['conference failed conference_full', 'say completed']);
  });
});

test('send_digits pauses between digits', async () => {
  const call = new SimulatedCall({ '/answer': [{ send_digits: { digits: '12w3', pause_before_ms: 1000 } }] });
  await call.seconds(1.39);
  expect(call.leg.seen).not.toContain('was sent 12');
  await call.seconds(0.02);
  expect(call.leg.seen).toContain('was sent 12');
  await call.seconds(0.67);
  expect(call.leg.seen).not.toContain('was sent 3');
  await call.seconds(0.04);
  expect(call.leg.seen).toContain('was sent 3');
});

test('mute and unmute combine by direction', async () => {
  const call = new SimulatedCall({
    '/answer': [
      { mute: { direction: 'both' } },
      { unmute: { direction: 'read' } },
      { unmute: { direction: 'write' } },
    ],
  });
  await call.seconds(0);
  expect(call.leg.seen.filter((line) => line.startsWith('muted'))).toEqual([
    'muted read and write',
    'muted write',
    'muted nothing',
  ]);
});

test('start_stream and stop_stream do not delay the flow', async () => {
  const url = 'wss://app.example/media';
  const call = new SimulatedCall({ '/answer': [{ start_stream: { stream_url: url } }, { stop_stream: {} }] });
  await call.seconds(0);
  expect(call.recorded).toEqual([`stream inbound to ${url}`, 'no more stream to anyone']);
});
