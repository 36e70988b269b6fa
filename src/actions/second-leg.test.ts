import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedCall } from './testing/simulated-call.ts';

const to = '+15551234567';
const after = { say: { text: 'ten chars!' } };

describe('bridge', () => {
  test('plays ringback to the caller, and connects both when the far end answers', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }, after] });
    await call.seconds(3);
    const [far] = call.dialed;
    far!.farEndAnswers();
    await call.seconds(1);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'entered speaking', 'heard 3 s, cut short']);
    expect(call.leg.sound.mixer).toBe(far!.sound.mixer);
  });

  test.each(['far end', 'caller'])(
    'ends the call without further actions when the %s hangs up',
    async (who) => {
      const call = new SimulatedCall({ '/answer': [{ bridge: { to } }, after] });
      await call.seconds(1);
      const far = call.dialed[0]!;
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

  test('notes on the timeline why the leg of the far end failed', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    const far = call.dialed[0]!;
    far.farEndAnswers();
    await call.seconds(5);
    await far.hangup('media_timeout');
    await call.seconds(0);
    const last = call.timeline.findLast(({ kind }) => kind === 'leg');
    expect(last?.data).toMatchObject({ leg_id: far.id, status: 'failed', error: { code: 'media_timeout' } });
  });

  test('notes on the timeline that the other leg was canceled when the caller hangs up while it rings', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.leg.farEndHangsUp();
    await call.seconds(1);
    const last = call.timeline.findLast(({ kind }) => kind === 'leg');
    expect(last?.data).toMatchObject({ leg_id: call.dialed[0]!.id, status: 'canceled' });
  });

  test.each(['far_end', 'call'] as const)(
    'notes the other leg on the timeline, until its end by the %s',
    async (who) => {
      const call = new SimulatedCall({ '/answer': [{ bridge: { to, continue_after: true } }] });
      await call.seconds(1);
      const far = call.dialed[0]!;
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

  test('performs the next action when the far end hangs up, with continue_after', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to, continue_after: true } }, after] });
    await call.seconds(1);
    call.dialed[0]!.farEndAnswers();
    await call.seconds(1);
    call.dialed[0]!.farEndHangsUp();
    await call.seconds(1);
    expect(call.done).toEqual(['bridge completed', 'say completed']);
  });

  test('fails when it is not answered in time, and the next action runs', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to, timeout_seconds: 5 } }, after] });
    await call.seconds(6.1);
    expect(call.done).toEqual(['bridge failed no_answer', 'say completed']);
    expect(call.dialed[0]!.seen.at(-1)).toBe('hung up');
  });

  test('cancels the far leg when the caller hangs up while it rings', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.done).toEqual(['bridge interrupted']);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'caller' });
    expect(call.dialed[0]!.signal.aborted).toBe(true);
  });

  test('lets the caller hear the early media of the far end', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.dialed[0]!.progress.emit('early_media');
    await call.seconds(0);
    expect(call.leg.sound.mixer).toBe(call.dialed[0]!.sound.mixer);
    expect(call.leg.seen.at(-1)).toBe('heard 1 s, cut short');
  });

  test('continues during concurrent actions, and is replaced by others', async () => {
    const call = new SimulatedCall({ '/answer': [{ bridge: { to } }] });
    await call.seconds(1);
    call.dialed[0]!.farEndAnswers();
    await call.seconds(1);
    call.takeOver([{ hold: {} }, { resume: {} }]);
    await call.seconds(1);
    expect(call.leg.seen.slice(-2)).toEqual(['held', 'resumed']);
    expect(call.leg.sound.mixer).toBeDefined();
    call.takeOver([after]);
    await call.seconds(2);
    expect(call.dialed[0]!.seen.at(-1)).toBe('hung up');
    expect(call.leg.seen.slice(-3)).toEqual(['left', 'heard 1 s', 'hung up']);
  });
});

describe('transfer', () => {
  test('connects both, and the call ends when one of them hangs up', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to } }, after] });
    await call.seconds(1);
    call.dialed[0]!.farEndAnswers();
    await call.seconds(60);
    call.dialed[0]!.farEndHangsUp();
    await call.seconds(0);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'callee' });
    expect(call.done).toEqual(['transfer completed']);
  });

  test('by REFER lets the caller\u2019s phone place the call, and ends this one', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to, mode: 'refer' } }] });
    await call.seconds(0);
    expect(call.leg.seen).toContain(`was referred to ${to}`);
    expect(call.record?.status).toBe('completed');
  });

  test('by REFER fails after timeout_seconds without a report, and the next action runs', async () => {
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

  test('by REFER is completed when the caller hangs up because of it', async () => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: to, mode: 'refer' } }, after] });
    call.leg.onRefer = async () => call.leg.farEndHangsUp();
    await call.seconds(1);
    expect(call.done).toEqual(['transfer completed']);
    expect(call.record?.status).toBe('completed');
  });

  test('by REFER fails for customers who are charged per minute, and the next action runs', async () => {
    const refer = { transfer: { destination: to, mode: 'refer' } };
    const call = new SimulatedCall({ '/answer': [refer, after] });
    call.charged = true;
    await call.seconds(0);
    expect(call.leg.seen.join()).not.toContain('was referred');
    expect(call.done[0]).toBe('transfer failed transfer_failed');
  });
});

test.each([
  [{}, { from: '+15550001', isReplaceable: true }],
  [{ from: '+15550100000' }, { from: '+15550100000', isReplaceable: false }],
])(
  'passes the forwarded call, and whether its caller ID was requested, to the dialer: %o',
  async (more, { from, ...rest }) => {
    const call = new SimulatedCall({ '/answer': [{ transfer: { destination: '+4930123456', ...more } }] });
    await call.seconds(1);
    expect(call.dialed[0]?.request).toMatchObject({
      from,
      forwardedCall: { from: '+15550001', to: '+15550002', isTrusted: false, ...rest },
    });
  },
);

describe('a call to a number of route mode sip', () => {
  let call: SimulatedCall;
  const far = () => call.dialed[0]!;

  beforeEach(async () => {
    call = new SimulatedCall({}, {}, { routeMode: 'sip', routingTarget: 'sip:desk@pbx.example' });
    await call.seconds(1);
  });

  test('loads no voices', () => {
    expect(call.warmed).toBe(0);
  });

  test('is forwarded without fetching actions, and rings meanwhile', () => {
    expect(call.dialed.map(({ destination }) => destination)).toEqual(['sip:desk@pbx.example']);
    expect(call.requests).toEqual([]);
    expect(call.leg.seen).toContain('ringing');
    expect(call.leg.seen).not.toContain('answered');
  });

  test('is answered when the far end answers, and ends when it hangs up', async () => {
    far().farEndAnswers();
    await call.seconds(1);
    expect(call.leg.seen).toContain('answered');
    expect(call.leg.sound.mixer).toBe(far().sound.mixer);
    far().farEndHangsUp();
    await call.over;
    expect(call.reported).toEqual(['call.created', 'call.answered', 'call.completed']);
    expect(call.record).toMatchObject({ status: 'completed', endedBy: 'callee', routeMode: 'sip' });
  });

  test.each([
    ['busy', 486, 'refused busy'],
    ['rejected', 603, 'refused rejected'],
    ['no_answer', 408, 'refused unavailable'],
    ['unreachable', 404, 'refused not_found'],
  ])('is refused when the far end does not answer: %s', async (reason, status, refused) => {
    far().farEndRefuses(reason, status);
    await call.over;
    expect(call.leg.seen).toContain(refused);
    expect(call.record).toMatchObject({ status: 'failed', reason, sipStatus: status });
    expect(call.reported).toEqual(['call.created', 'call.failed']);
  });

  test('hangs up on the far end when the caller hangs up', async () => {
    call.leg.farEndHangsUp();
    await call.over;
    expect(call.record?.status).toBe('canceled');
    expect(far().signal.aborted).toBe(true);
  });
});
