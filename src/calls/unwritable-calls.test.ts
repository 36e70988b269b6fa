import { beforeEach, expect, test } from 'vitest';
import { Failure, Ids, silentLog } from '../core/index.ts';
import { VirtualClock } from '../core/testing/virtual-clock.ts';
import { type CallRoute, type EventDraft, Switchboard } from './index.ts';
import { SimulatedDialedLeg, SimulatedLeg } from './testing/simulated-leg.ts';

const full = new Failure('overloaded', 'the database cannot be written at present');
const route: CallRoute = {
  ...{ customerId: 'cust_1', applicationId: 'app_1', answerUrl: 'https://app.example/' },
  routeMode: 'webhook',
  routingTarget: 'app_1',
};
const numbers = { from: '+15550001', to: '+15550002', route };
let clock: VirtualClock;
let committed: EventDraft[];
let switchboard: Switchboard;

/** A journal that rejects refusable commits. */
let undecided: Promise<void>;
const journal = {
  commit: async (change: { events?: EventDraft[]; refusable?: boolean }) => {
    if (change.refusable) await undecided;
    if (change.refusable) throw full;
    committed.push(...(change.events ?? []));
  },
};

beforeEach(() => {
  clock = new VirtualClock();
  committed = [];
  undecided = Promise.resolve();
  const runFlow = async () => ({ kind: 'completed', by: 'application' }) as const;
  switchboard = new Switchboard({ journal, clock, log: silentLog, ids: new Ids(clock), runFlow });
});

test('an inbound call that cannot be written is refused, and leaves no call', async () => {
  const leg = new SimulatedLeg(clock);
  await switchboard.arrive({ leg, ...numbers });
  expect(leg.seen).toEqual(['refused overloaded']);
  expect([committed, switchboard.size]).toEqual([[], 0]);
});

test('placing a call that cannot be written fails, and the far end is not called', async () => {
  const leg = new SimulatedDialedLeg(clock, { timeoutMs: 30_000, signal: new AbortController().signal });
  const placing = switchboard.place({ leg, ...numbers, metadata: {}, variables: {} });
  await expect(placing).rejects.toBe(full);
  await clock.advance(0);
  expect(leg.signal.aborted).toBe(true);
  expect([committed, switchboard.size]).toEqual([[], 0]);
});

test('a caller who hangs up before the call is refused leaves no call', async () => {
  const deciding = Promise.withResolvers<void>();
  undecided = deciding.promise;
  const leg = new SimulatedLeg(clock);
  const over = switchboard.arrive({ leg, ...numbers });
  leg.farEndHangsUp();
  await clock.advance(0);
  deciding.resolve();
  await over;
  await clock.advance(0);
  expect([committed, switchboard.size]).toEqual([[], 0]);
});
