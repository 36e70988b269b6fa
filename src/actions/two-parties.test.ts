import { describe, expect, test } from 'vitest';
import { SimulatedCall } from './testing/simulated-call.ts';

const to = '+15551234567';
const after = { say: { text: 'ten chars!' } };

describe('bridge', () => {
  test('rings for the caller, and joins the two when the far end answers', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }, after] });
    await call.seconds(3);
    const [far] = call.dialled;
    far!.farEndAnswers();
    await call.seconds(1);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'entered speaking', 'heard 3 s, cut short']);
    expect(call.leg.room).toBe(far!.room);
  });

  test.each(['far end', 'caller'])(
    'ends the call when the %s hangs up, and what follows does not run',
    async (who) => {
      const call = new SimulatedCall({ '/answer': [{ bridge: { to } }, after] });
      await call.seconds(1);
      const far = call.dialled[0]!;
      far.farEndAnswers();
      await call.seconds(5);
      (who === 'caller' ? call.leg : far).farEndHangsUp();
      await call.seconds(0);
      expect(call.record).toMatchObject({
        status: 'completed',
        endedBy: who === 'caller' ? 'caller' : 'callee',
      });
      expect(call.done).toHaveLength(1);
      expect((who === 'caller' ? far : call.leg).seen.at(-1)).toBe('hung up');
    },
  );

  test('says on the timeline why it is over when the line of the far end fails', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    const far = call.dialled[0]!;
    far.farEndAnswers();
    await call.seconds(5);
    await far.hangup('media_timeout');
    await call.seconds(0);
    const last = call.timeline.findLast(({ kind }) => kind === 'leg');
    expect(last?.data).toMatchObject({ leg_id: far.id, status: 'failed', error: { code: 'media_timeout' } });
  });

  test('tells on the timeline that the other leg was canceled when the caller hangs up while it rings', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.leg.farEndHangsUp();
    await call.seconds(1);
    const last = call.timeline.findLast(({ kind }) => kind === 'leg');
    expect(last?.data).toMatchObject({ leg_id: call.dialled[0]!.id, status: 'canceled' });
  });

  test.each(['far_end', 'call'] as const)(
    'tells of the other leg on the timeline, to its end by the %s',
    async (who) => {
      const call = new SimulatedCall({ '/answer': [{ bridge: { to, continue_after: true } }] });
      await call.seconds(1);
      const far = call.dialled[0]!;
      far.farEndAnswers();
      await call.seconds(3);
      if (who === 'far_end') far.farEndHangsUp();
      else call.leg.farEndHangsUp();
      await call.seconds(1);
      const legs = call.timeline.filter(({ kind }) => kind === 'leg');
      expect(legs.map(({ data }) => data['status'])).toEqual(expect.arrayContaining(['answered', 'ended']));
      expect(legs.at(-1)?.data).toEqual({ leg_id: far.id, status: 'ended', ended_by: who });
    },
  );

  test('goes on with the next action when the far end hangs up, if asked to', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to, continue_after: true } }, after] });
    await call.seconds(1);
    call.dialled[0]!.farEndAnswers();
    await call.seconds(1);
    call.dialled[0]!.farEndHangsUp();
    await call.seconds(1);
    expect(call.done).toEqual(['bridge completed', 'say completed']);
  });

  test('that is not answered in time fails, and the fallback runs', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to, timeout_seconds: 5 } }, after] });
    await call.seconds(6.1);
    expect(call.done).toEqual(['bridge failed no_answer', 'say completed']);
    expect(call.dialled[0]!.seen.at(-1)).toBe('hung up');
  });

  test('takes the far leg back when the caller hangs up while it rings', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.done).toEqual(['bridge interrupted']);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'caller' });
    expect(call.dialled[0]!.signal.aborted).toBe(true);
  });

  test('lets the caller hear what the far end sends before it answers', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.dialled[0]!.progress.emit('early_media');
    await call.seconds(0);
    expect(call.leg.room).toBe(call.dialled[0]!.room);
    expect(call.leg.seen.at(-1)).toBe('heard 1 s, cut short');
  });

  test('is left in peace by what can be done beside it, and replaced by what cannot', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.dialled[0]!.farEndAnswers();
    await call.seconds(1);
    call.takeOver([{ hold: {} }, { resume: {} }]);
    await call.seconds(1);
    expect(call.leg.seen.slice(-2)).toEqual(['held', 'resumed']);
    expect(call.leg.room).toBeDefined();
    call.takeOver([after]);
    await call.seconds(2);
    expect(call.dialled[0]!.seen.at(-1)).toBe('hung up');
    expect(call.leg.seen.slice(-3)).toEqual(['left', 'heard 1 s', 'hung up']);
  });
});

describe('transfer', () => {
  test('connects the two, and the call ends with either', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to } }, after] });
    await call.seconds(1);
    call.dialled[0]!.farEndAnswers();
    await call.seconds(60);
    call.dialled[0]!.farEndHangsUp();
    await call.seconds(0);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'callee' });
    expect(call.done).toEqual(['transfer completed']);
  });

  test('by REFER lets the caller\u2019s phone make the call, and ours is over', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to, mode: 'refer' } }] });
    await call.seconds(0);
    expect(call.leg.seen).toContain(`was referred to ${to}`);
    expect(call.record?.status).toBe('completed');
  });

  test('by REFER of which nothing is reported fails after timeout_seconds, and the actions after it run', async () => {
    const refer = { transfer: { destination: to, mode: 'refer', timeout_seconds: 20 } };
    const call = new SimulatedCall({ '/answer': [refer, after] });
    call.leg.onRefer = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    await call.seconds(19);
    expect(call.done).toEqual([]);
    await call.seconds(2);
    expect(call.done[0]).toBe('transfer failed transfer_failed');
    await call.seconds(10);
    expect(call.done[1]).toBe('say completed');
    expect(call.clock.pending).toBe(0);
  });

  test('by REFER is completed when the caller hangs up by it', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to, mode: 'refer' } }, after] });
    call.leg.onRefer = async () => call.leg.farEndHangsUp();
    await call.seconds(1);
    expect(call.done).toEqual(['transfer completed']);
    expect(call.record?.status).toBe('completed');
  });

  test('by REFER is not for whoever pays by the minute: the actions after it run', async () => {
    const refer = { transfer: { destination: to, mode: 'refer' } };
    const call = new SimulatedCall({ '/answer': [refer, after] });
    call.charged = true;
    await call.seconds(0);
    expect(call.leg.seen.join()).not.toContain('was referred');
    expect(call.done[0]).toBe('transfer failed transfer_failed');
  });
});

describe('conference', () => {
  const room = (more: object = {}) => ({ '/answer': [{ conference: { room: 'one', ...more } }, after] });

  test('keeps the call in the room of its application until the caller hangs up', async () => {
    const call = new SimulatedCall(room({ mute: true }));
    await call.seconds(60);
    expect(call.leg.seen.at(-1)).toBe('entered muted');
    expect(call.leg.room).toBe('app_1/one');
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.rooms.size).toBe(0);
    expect(call.done).toEqual(['conference interrupted']);
  });

  test('gives a listener a voice when it is unmuted, once', async () => {
    const call = new SimulatedCall(room({ mute: true }));
    await call.seconds(1);
    const unmute = { unmute: { direction: 'write' } };
    call.takeOver([{ mute: { direction: 'read' } }, { unmute: { direction: 'read' } }, unmute, unmute]);
    await call.seconds(1);
    expect(call.leg.seen.filter((what) => what.startsWith('entered'))).toEqual([
      ...['entered muted', 'entered speaking'],
    ]);
    expect(call.leg.room).toBe('app_1/one');
  });

  test('ends for all when somebody leaves whose exit ends it', async () => {
    const call = new SimulatedCall(room());
    await call.seconds(1);
    call.rooms.enter('app_1/one', true).leave();
    await call.seconds(0);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'application' });
  });

  test('that is full fails, and the next action follows', async () => {
    const call = new SimulatedCall(room());
    for (let i = 0; i < 100; i++) call.rooms.enter('app_1/one', false);
    await call.seconds(1);
    expect(call.done).toEqual(['conference failed conference_full', 'say completed']);
  });
});

test('digits are sent with the pauses between them', async () => {
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

test('mute and unmute add up by direction', async () => {
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

test('a stream is started and stopped beside the flow', async () => {
  const url = 'wss://app.example/media';
  const call = new SimulatedCall({ '/answer': [{ start_stream: { stream_url: url } }, { stop_stream: {} }] });
  await call.seconds(0);
  expect(call.recorded).toEqual([`stream inbound to ${url}`, 'no more stream to anyone']);
});

test.each([
  [{}, { from: '+15550001', isReplaceable: true }],
  [{ from: '+15550100000' }, { from: '+15550100000', isReplaceable: false }],
])(
  'says whose call is passed on, and whether its caller ID was asked for: %o',
  async (more, { from, ...rest }) => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: '+4930123456', ...more } }] });
    await call.seconds(1);
    expect(call.dialled[0]?.request).toMatchObject({
      from,
      passesOn: { from: '+15550001', to: '+15550002', isTrusted: false, ...rest },
    });
  },
);
