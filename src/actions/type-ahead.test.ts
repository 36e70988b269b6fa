import { describe, expect, test } from 'vitest';
import { SimulatedCall } from './testing/simulated-call.ts';

const gathered = (call: SimulatedCall) =>
  call.events.filter(({ event }) => event === 'call.gathered').map(({ data }) => data['digits']);
/** Speaks for so many seconds. */
const say = (seconds: number) => ({ say: { text: 'x'.repeat(10 * seconds) } });
const gather = (fields: object = {}) => ({ gather: { max_digits: 12, timeout_seconds: 2, ...fields } });

describe('keys pressed while no gather is running', () => {
  test.each([
    ['during say', say(3)],
    ['during play', { play: { url: 'https://app.example/a.wav' } }],
    ['during pause', { pause: { seconds: 3 } }],
  ])('count for the next gather: %s', async (_when, action) => {
    const call = new SimulatedCall({ '/answer': [action, gather(), say(1)] });
    await call.seconds(0.5);
    call.leg.press('12');
    await call.seconds(5);
    expect(gathered(call)).toEqual(['12']);
  });

  test('count for the next gather after a redirect', async () => {
    const call = new SimulatedCall({
      '/answer': [
        gather({ num_digits: 1, max_digits: undefined }),
        { redirect: { url: 'https://app.example/next' } },
      ],
      '/next': [say(1), gather({ num_digits: 2, max_digits: undefined })],
    });
    await call.seconds(0);
    call.leg.press('1234');
    await call.seconds(2);
    expect(gathered(call)).toEqual(['1', '23']);
  });

  test('skip the prompt of the gather that they complete', async () => {
    const call = new SimulatedCall({
      '/answer': [say(1), gather({ prompt: 'x'.repeat(30), max_digits: 3 }), say(1)],
    });
    await call.seconds(0.5);
    call.leg.press('123');
    await call.seconds(0.6);
    expect(gathered(call)).toEqual(['123']);
    expect(call.leg.seen.filter((each) => each.startsWith('heard'))).toEqual(['heard 1 s']);
  });

  test('include the finish key', async () => {
    const call = new SimulatedCall({ '/answer': [say(1), gather({ finish_on_key: '#' }), gather()] });
    await call.seconds(0.5);
    call.leg.press('12#34');
    await call.seconds(5);
    expect(gathered(call)).toEqual(['12', '34']);
  });

  test('are discarded by flush', async () => {
    const call = new SimulatedCall({ '/answer': [say(1), gather({ flush: true }), say(1)] });
    await call.seconds(0.5);
    call.leg.press('12');
    await call.seconds(1);
    call.leg.press('3');
    await call.seconds(5);
    expect(gathered(call)).toEqual(['3']);
  });

  test('are dropped after ten seconds each', async () => {
    const call = new SimulatedCall({ '/answer': [say(12), gather(), say(1)] });
    await call.seconds(1);
    call.leg.press('1');
    await call.seconds(2);
    call.leg.press('2');
    await call.seconds(15);
    expect(gathered(call)).toEqual(['2']);
  });

  test('are limited to 32', async () => {
    const call = new SimulatedCall({
      '/answer': [say(3), gather({ max_digits: 30 }), gather({ max_digits: 30 })],
    });
    await call.seconds(1);
    call.leg.press('1'.repeat(30));
    call.leg.press('23456789');
    await call.seconds(9);
    expect(gathered(call)).toEqual(['1'.repeat(30), '23']);
  });

  test('do not include the finish key of a gather that was complete without it', async () => {
    const call = new SimulatedCall({
      '/answer': [gather({ max_digits: 4, finish_on_key: '#' }), say(1), gather({ max_digits: 3 })],
    });
    await call.seconds(0);
    call.leg.press('1234#56#');
    await call.seconds(5);
    expect(gathered(call)).toEqual(['1234', '56#']);
  });

  test('do not count when they were meant for another party', async () => {
    const call = new SimulatedCall({
      '/answer': [{ bridge: { destination: '+15550100001', continue_after: true } }, gather(), say(1)],
    });
    await call.seconds(0);
    call.dialed[0]!.farEndAnswers();
    await call.seconds(1);
    expect(call.leg.sound.digits.listeners).toBe(0);
    call.leg.press('12');
    call.dialed[0]!.farEndHangsUp();
    await call.seconds(0);
    expect(call.leg.sound.digits.listeners).toBe(1);
    call.leg.press('3');
    await call.seconds(3);
    expect(gathered(call)).toEqual(['3']);
  });

  test('are masked and in no stream when they are for a sensitive gather', async () => {
    const call = new SimulatedCall({
      '/answer': [say(1), gather({ sensitive: true, max_digits: 4 }), say(3), gather()],
    });
    const secret = () => call.session!.heldBack.keys;
    await call.seconds(0.5);
    expect(secret()).toBe(true);
    call.leg.press('1837');
    await call.seconds(1);
    expect(secret()).toBe(false);
    expect(gathered(call)).toEqual(['****']);
    expect(JSON.stringify([call.timeline, call.events])).not.toContain('1837');
  });
});

describe('a key that is held down', () => {
  const hold = (call: SimulatedCall) => call.leg.sound.held.emit(true);
  const release = (call: SimulatedCall, digit: string) => {
    call.leg.press(digit);
    call.leg.sound.held.emit(false);
  };

  test('counts when it is held for longer than the timeout', async () => {
    const call = new SimulatedCall({ '/answer': [gather(), say(1)] });
    await call.seconds(1);
    hold(call);
    await call.seconds(9);
    expect(gathered(call)).toEqual([]);
    release(call, '5');
    await call.seconds(1.9);
    expect(gathered(call)).toEqual([]);
    await call.seconds(0.2);
    expect(gathered(call)).toEqual(['5']);
  });

  test('stops the prompt when it goes down', async () => {
    const call = new SimulatedCall({ '/answer': [gather({ prompt: 'x'.repeat(30) }), say(1)] });
    await call.seconds(1);
    hold(call);
    await call.seconds(4);
    expect(call.leg.seen).toContain('heard 1 s, cut short');
    release(call, '5');
    await call.seconds(2.1);
    expect(gathered(call)).toEqual(['5']);
  });

  test('counts when it went down before the gather', async () => {
    const call = new SimulatedCall({ '/answer': [say(1), gather({ prompt: 'x'.repeat(30) }), say(1)] });
    await call.seconds(0.5);
    hold(call);
    await call.seconds(8);
    release(call, '5');
    await call.seconds(2.1);
    expect(gathered(call)).toEqual(['5']);
  });

  test('restarts the timeout when it is released without a digit', async () => {
    const call = new SimulatedCall({ '/answer': [gather(), say(1)] });
    await call.seconds(1);
    hold(call);
    await call.seconds(3);
    call.leg.sound.held.emit(false);
    await call.seconds(2.1);
    expect(gathered(call)).toEqual(['']);
  });
});

test('a forwarded call does not listen for keys', async () => {
  const call = new SimulatedCall({}, {}, { routeMode: 'sip', routingTarget: 'sip:desk@10.0.0.7' });
  await call.seconds(0);
  call.dialed[0]!.farEndAnswers();
  await call.seconds(1);
  expect(call.leg.sound.digits.listeners).toBe(0);
});
