import { describe, expect, test } from 'vitest';
import { Failure } from '../core/index.ts';
import { SimulatedCall } from './testing/simulated-call.ts';

const answerUrlError = () => new Failure('answer_url_error', 'answered 500');

describe('the flow of a call', () => {
  test('lets the caller hear ringing, then each text, then the hangup', async () => {
    const call = new SimulatedCall({
      '/answer': [{ say: { text: 'ten chars!' } }, { type: 'say', text: 'five!' }],
    });
    await call.seconds(2);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'heard 1 s', 'heard 0.5 s', 'hung up']);
    expect(call.reported).toEqual(['call.created', 'call.answered', 'call.completed']);
    expect(call.record).toMatchObject({ status: 'completed', reason: 'normal', endedBy: 'application' });
  });

  test.each([
    ['its document', undefined],
    ['the API, which places outbound calls', [{ type: 'pause', seconds: 1 }]],
  ])('loads the voices before it performs the actions of %s', async (_, given) => {
    const call = new SimulatedCall({ '/answer': [{ type: 'pause', seconds: 1 }] }, {}, {}, given);
    await call.seconds(0);
    expect(call.warmed).toBe(1);
    await call.seconds(2);
    expect(call.warmed).toBe(1);
  });

  test('requests each text for its customer and call', async () => {
    const call = new SimulatedCall({ '/answer': [{ say: { text: 'one' } }, { gather: { prompt: 'two' } }] });
    await call.seconds(1);
    const { id: callId, customerId, applicationId } = call.record!;
    expect(call.spoken).toHaveLength(2);
    for (const options of call.spoken) expect(options).toMatchObject({ customerId, callId, applicationId });
  });

  test('hangs up when the caller has heard the end of the last text', async () => {
    const call = new SimulatedCall({ '/answer': [{ say: { text: 'ten chars!' } }] });
    await call.seconds(1.15);
    expect(call.leg.seen.at(-1)).toBe('heard 1 s');
    await call.seconds(0.02);
    expect(call.leg.seen.at(-1)).toBe('hung up');
  });

  test('answers and hangs up at once when the list is empty', async () => {
    const call = new SimulatedCall({ '/answer': [] });
    await call.seconds(0);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'hung up']);
  });

  test('refuses the call without answering when the first action is a hangup with a reason', async () => {
    const call = new SimulatedCall({ '/answer': [{ hangup: { reason: 'busy' } }] });
    await call.seconds(0);
    expect(call.leg.seen).toEqual(['ringing', 'refused busy']);
    expect(call.reported).toEqual(['call.created', 'call.failed']);
    expect(call.record).toMatchObject({ status: 'failed', reason: 'busy', answeredAt: null });
  });

  test('notes a failed action on the timeline and performs the next one', async () => {
    const call = new SimulatedCall({
      '/answer': [
        { set_variable: { name: 'a', value: 'b' } },
        { bridge: { to: '+15551234567' } },
        { say: { text: 'after' } },
      ],
    });
    await call.seconds(1);
    call.dialed[0]!.farEndRefuses('busy', 486);
    await call.seconds(1);
    expect(call.done).toEqual(['set_variable completed', 'bridge failed busy', 'say completed']);
    expect(call.record?.status).toBe('completed');
  });

  test('performs no action after a hangup', async () => {
    const call = new SimulatedCall({ '/answer': [{ hangup: {} }, { say: { text: 'never' } }] });
    await call.seconds(1);
    expect(call.done).toEqual(['hangup completed']);
  });

  test('sends variables in every later event and request', async () => {
    const call = new SimulatedCall({
      '/answer': [
        { set_variable: { name: 'step', value: 'one' } },
        { redirect: { url: 'https://app.example/next' } },
      ],
      '/next': [{ unset_variable: { name: 'step' } }],
    });
    await call.seconds(1);
    expect(call.requests[1]?.call.variables).toEqual({ step: 'one' });
    expect(call.events.at(-1)?.call.variables).toEqual({});
  });
});

describe('a document that cannot be fetched', () => {
  test('is fetched once from the fallback URL', async () => {
    const documents = { '/answer': answerUrlError(), '/fallback': [{ say: { text: 'saved' } }] };
    const call = new SimulatedCall(documents, { fallbackAnswerUrl: 'https://app.example/fallback' });
    await call.seconds(1);
    expect(call.leg.seen).toContain('heard 0.5 s');
    expect(call.record?.status).toBe('completed');
  });

  test('plays the error prompt of the application and reports call.failed', async () => {
    const call = new SimulatedCall({ '/answer': [{ say: {} }] }, { faultMessage: 'so sorry!!' });
    await call.seconds(2);
    expect(call.leg.seen).toEqual(['ringing', 'answered', 'heard 1 s', 'hung up']);
    expect(call.reported).toEqual(['call.created', 'call.answered', 'call.failed']);
    expect(call.events.at(-1)?.data).toMatchObject({
      reason: 'answer_url_error',
      error: { message: 'invalid action payload', details: [{ pointer: '/actions/0/say/text' }] },
    });
  });

  test('ends the flow when it is the target of a redirect', async () => {
    const call = new SimulatedCall({
      '/answer': [{ redirect: { url: 'https://app.example/gone' } }, { say: { text: 'never' } }],
    });
    await call.seconds(30);
    expect(call.done).toEqual(['redirect failed answer_url_error']);
    expect(call.record).toMatchObject({ status: 'failed', reason: 'answer_url_error' });
  });

  test('ends a call that exceeds its redirects', async () => {
    const call = new SimulatedCall({
      '/answer': [{ redirect: { url: 'https://app.example/answer', max_redirects: 3 } }],
    });
    await call.seconds(30);
    expect(call.requests).toHaveLength(4);
    expect(call.record?.error?.message).toContain('more than 3 times');
  });
});

describe('a hangup of the caller', () => {
  const actions = [
    { say: { text: 'a text of some length' } },
    { gather: {} },
    { pause: { seconds: 2 } },
    { play: { url: 'https://app.example/a.wav' } },
  ];

  test.each(actions.map((action) => [Object.keys(action)[0], action]))(
    'interrupts %s',
    async (_name, action) => {
      const call = new SimulatedCall({ '/answer': [action, { say: { text: 'never' } }] });
      await call.seconds(0.5);
      call.leg.farEndHangsUp();
      await call.seconds(0);
      await call.over;
      expect(call.reported.at(-1)).toBe('call.completed');
      expect(call.record).toMatchObject({ status: 'completed', endedBy: 'caller' });
      expect(call.done).toHaveLength(1);
      expect(call.clock.pending).toBe(0);
    },
  );

  test('before the answer makes the call canceled', async () => {
    const call = new SimulatedCall({ '/answer': () => [{ pause: { seconds: 1 } }] });
    call.leg.farEndHangsUp();
    await call.seconds(0);
    expect(call.reported).toEqual(['call.created', 'call.canceled']);
  });
});

test('the actions of a request that places a call are on its timeline', async () => {
  const call = new SimulatedCall({}, {}, {}, [{ say: { text: 'hello' } }, { hangup: {} }]);
  await call.seconds(1);
  const sent = call.timeline.filter(({ kind }) => kind === 'actions');
  expect(sent.map(({ data }) => data)).toEqual([{ source: 'api', actions: ['say', 'hangup'] }]);
  expect(call.done).toEqual(['say completed', 'hangup completed']);
});

describe('actions sent to a live call', () => {
  test('interrupt and replace the current ones', async () => {
    const call = new SimulatedCall({ '/answer': [{ pause: { seconds: 60 } }, { say: { text: 'never' } }] });
    await call.seconds(1);
    call.takeOver([{ say: { text: 'now' } }]);
    const sent = call.timeline.find(({ kind }) => kind === 'actions');
    expect(sent?.data).toEqual({ source: 'api', actions: ['say'] });
    await call.seconds(1);
    expect(call.done).toEqual(['pause interrupted', 'say completed']);
    expect(call.record?.status).toBe('completed');
  });
});

test('a call is recorded from its answer when the application records all calls', async () => {
  const call = new SimulatedCall({ '/answer': [] }, { recordCalls: true });
  await call.seconds(0);
  expect(call.recorded).toEqual(['start']);
});
