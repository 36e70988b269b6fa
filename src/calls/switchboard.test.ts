import { beforeEach, describe, expect, test } from 'vitest';
import { Ids, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { type CallRecord, type EventDraft, type Session, Switchboard, type TimelineEntry } from './index.ts';
import { SimulatedDialedLeg } from './testing/simulated-leg.ts';

let clock: VirtualClock;
let events: EventDraft[];
let timeline: TimelineEntry[];
let switchboard: Switchboard;
let leg: SimulatedDialedLeg;
let signal: AbortSignal;

beforeEach(() => {
  clock = new VirtualClock();
  events = [];
  timeline = [];
  const journal = {
    async commit(change: { events?: EventDraft[]; timeline?: TimelineEntry[] }) {
      events.push(...(change.events ?? []));
      timeline.push(...(change.timeline ?? []));
    },
  };
  switchboard = new Switchboard({
    journal,
    clock,
    log: silentLog,
    ids: new Ids(clock),
    runFlow,
    maxSeconds: 3600,
  });
  leg = new SimulatedDialedLeg(clock, { timeoutMs: 30_000, signal: new AbortController().signal });
});

/** Waits for the answer and the end of the call. */
async function runFlow(session: Session) {
  signal = session.scope.signal;
  const answered = session.leg.answer().then(() => session.markAnswered());
  await Promise.race([answered, session.leg.ended]);
  await session.leg.ended;
  return { kind: 'completed', by: 'application' } as const;
}

const place = (): Promise<CallRecord> =>
  switchboard.place({
    leg,
    ...{ from: '+15550001', to: '+15550002', metadata: {}, variables: {} },
    route: {
      ...{ customerId: 'cust_1', applicationId: 'app_1', answerUrl: 'https://app.example/' },
      ...{ routeMode: 'webhook', routingTarget: 'app_1' },
    },
  });

const last = () => {
  const { event, call } = events.at(-1)!;
  return { event, endedBy: call.endedBy };
};

describe('an outbound call', () => {
  test('is returned as it was placed, although it rings already', async () => {
    const placing = place();
    leg.progress.emit('ringing');
    const call = await placing;
    expect(call.status).toBe('dialing');
    expect(switchboard.session(call.id)?.record.status).toBe('ringing');
  });

  test('notes the hangup over REST on its timeline', async () => {
    const { id } = await place();
    switchboard.hangup(id);
    await clock.advance(0);
    expect(timeline).toMatchObject([{ callId: id, kind: 'hangup', data: { source: 'api' } }]);
  });

  test('is canceled when the server stops while it rings', async () => {
    await place();
    const drained = switchboard.drain(1000);
    await clock.advance(1000);
    await drained;
    expect(last()).toEqual({ event: 'call.canceled', endedBy: 'system' });
  });

  test('aborts its unfinished requests with an error that the timeline can show', async () => {
    const { id } = await place();
    switchboard.hangup(id);
    await clock.advance(0);
    expect(signal.reason).toMatchObject({ code: 'call_ended', message: 'the call has ended' });
  });

  test('is completed when the server stops after the answer', async () => {
    await place();
    leg.farEndAnswers();
    await clock.advance(0);
    const drained = switchboard.drain(1000);
    await clock.advance(1000);
    await drained;
    expect(last()).toEqual({ event: 'call.completed', endedBy: 'system' });
  });

  test('ends at once when the stop is hastened, and so do calls that are placed later', async () => {
    await place();
    const hasten = new AbortController();
    const drained = switchboard.drain(60_000, hasten.signal);
    await clock.advance(10);
    hasten.abort();
    await place();
    await clock.advance(10);
    await drained;
    expect(events.map(({ event }) => event)).toEqual([
      'call.created',
      'call.created',
      'call.canceled',
      'call.canceled',
    ]);
  });

  test('ends with max_duration after the longest permitted time, counted from its answer', async () => {
    await place();
    await clock.advance(20_000);
    leg.farEndAnswers();
    await clock.advance(3_599_000);
    expect(last().event).toBe('call.answered');
    await clock.advance(1000);
    expect(last()).toEqual({ event: 'call.failed', endedBy: 'system' });
    expect(events.at(-1)!.call).toMatchObject({ reason: 'max_duration', error: { code: 'max_duration' } });
    expect(clock.pending).toBe(0);
  });
});
