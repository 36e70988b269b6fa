import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedCall } from './testing/simulated-call.ts';

let call: SimulatedCall;
const far = () => call.dialed[0]!;

beforeEach(async () => {
  call = new SimulatedCall({}, {}, { routeMode: 'sip', routingTarget: 'sip:desk@pbx.example' });
  await call.seconds(1);
});

describe('a call to a number of route mode sip', () => {
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
