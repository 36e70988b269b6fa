import { describe, expect, test } from 'vitest';
import { SimulatedCall } from '../testing/simulated-call.ts';

describe('gather', () => {
  const gather = (fields: object) => ({
    '/answer': [{ gather: fields }, { redirect: { url: 'https://app.example/next' } }],
    '/next': [],
  });

  test('ends with the last expected digit, and the next request contains the digits', async () => {
    const call = new SimulatedCall(gather({ prompt: 'ten chars!', num_digits: 3 }));
    await call.seconds(2);
    call.leg.press('123');
    await call.seconds(0);
    expect(call.requests[1]?.data).toEqual({ digits: '123', status: 'completed', timed_out: false });
    expect(call.reported).toContain('call.gathered');
  });

  test('stops the prompt on a digit, which counts', async () => {
    const call = new SimulatedCall(gather({ prompt: 'a prompt of thirty characters!', num_digits: 2 }));
    await call.seconds(0.5);
    call.leg.press('4');
    await call.seconds(0.1);
    call.leg.press('2');
    await call.seconds(0);
    expect(call.leg.seen).toContain('heard 0.5 s, cut short');
    expect(call.requests[1]?.data['digits']).toBe('42');
  });

  test('restarts its timeout at the end of the prompt and with each digit', async () => {
    const call = new SimulatedCall(gather({ prompt: 'ten chars!', num_digits: 2, timeout_seconds: 3 }));
    await call.seconds(1 + 2.9);
    call.leg.press('7');
    await call.seconds(2.9);
    expect(call.reported).not.toContain('call.gathered');
    await call.seconds(0.2);
    expect(call.requests[1]?.data).toEqual({ digits: '7', status: 'timed_out', timed_out: true });
  });

  test('ignores the finish key before there are enough digits, and never counts it as a digit', async () => {
    const call = new SimulatedCall(gather({ min_digits: 2, max_digits: 6, finish_on_key: '#' }));
    await call.seconds(0);
    call.leg.press('1#2#');
    await call.seconds(0);
    expect(call.requests[1]?.data).toEqual({ digits: '12', status: 'completed', timed_out: false });
  });

  test('is complete when its timeout expires after enough digits', async () => {
    const call = new SimulatedCall(gather({ min_digits: 1, max_digits: 6 }));
    await call.seconds(0);
    call.leg.press('9');
    await call.seconds(5.1);
    expect(call.requests[1]?.data).toEqual({ digits: '9', status: 'completed', timed_out: true });
  });

  test('is reported as canceled when the caller hangs up, before the last event of the call', async () => {
    const call = new SimulatedCall(gather({ num_digits: 4 }));
    await call.seconds(1);
    call.leg.press('1');
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.reported).toEqual(['call.created', 'call.answered', 'call.gathered', 'call.completed']);
    expect(call.events[2]?.data).toMatchObject({ digits: '1', status: 'canceled' });
  });

  test('notes its result on the timeline, masked when it is sensitive', async () => {
    for (const [sensitive, digits] of [
      [false, '1837'],
      [true, '****'],
    ] as const) {
      const call = new SimulatedCall(gather({ num_digits: 4, sensitive }));
      await call.seconds(0);
      call.leg.press('1837');
      await call.seconds(0);
      const entry = call.timeline.find(({ kind }) => kind === 'gather');
      expect(entry?.data).toEqual({ digits, status: 'completed', timed_out: false });
    }
  });

  test('keeps sensitive digits out of recording and timeline', async () => {
    const call = new SimulatedCall(gather({ num_digits: 4, sensitive: true }));
    await call.seconds(0);
    call.leg.press('1837');
    await call.seconds(0);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'redacted', 'no longer redacted', 'hung up']);
    expect(JSON.stringify([call.timeline, call.events])).not.toContain('1837');
    expect(call.events.find(({ event }) => event === 'call.gathered')?.data).toMatchObject({
      ...{ digits: '****', sealed_digits: expect.stringMatching(/^sealed:/) },
    });
    // The default method of a redirect is GET.
    expect(call.requests[1]?.data['digits']).toBe('****');
  });
});
