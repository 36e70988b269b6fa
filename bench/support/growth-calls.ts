/** Whole calls that are written through the storage, as calls with a recording and three webhooks are. */
import { type CallRecord, isFinal } from '../../src/calls/index.ts';
import { systemClock } from '../../src/core/index.ts';
import type { Storage } from '../../src/storage/index.ts';
import { aCall, anEvent, aRecording } from '../../src/storage/testing/records.ts';
import type { EventRecord } from '../../src/webhooks/index.ts';
import { applicationId, customerId } from './growth-data.ts';
import { deliver, timelineLine } from './stored-call.ts';

/** Calls that change in the same turn of the event loop, as under load. */
const AT_ONCE = 3;

/** Writes `calls` calls from various numbers, with their events, recordings, and deliveries. */
export async function writeCalls(storage: Storage, calls: number): Promise<void> {
  for (let done = 0; done < calls; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => wholeCall(storage, done + n)));
}

async function wholeCall(storage: Storage, n: number): Promise<void> {
  const events: EventRecord[] = [];
  const dialing = callOf(storage, n);
  const stop = storage.onCommitted.on((fresh) => {
    events.push(...fresh.filter((event) => event.callId === dialing.id));
  });
  await step(storage, dialing, 'call.created');
  const answered = { ...dialing, status: 'in_progress' as const, answeredAt: dialing.createdAt + 5 };
  const recording = aRecording(dialing, { endedAt: null });
  await Promise.all([step(storage, answered, 'call.answered'), storage.commit({ recording })]);
  const ended = dialing.createdAt + 9;
  await storage.commit({ recording: { ...recording, status: 'completed', endedAt: ended } });
  await step(storage, { ...answered, status: 'completed', endedAt: ended }, 'call.completed');
  stop();
  await Promise.all(events.map((event) => deliver(storage, event)));
}

function step(storage: Storage, call: CallRecord, event: string): Promise<void> {
  const line = timelineLine(call);
  const billing = call.direction === 'outbound' ? { charges: [chargeOf(call)] } : undefined;
  const change = { call, events: [anEvent(call, event)], timeline: [line, line] };
  return storage.commit(billing ? { ...change, billing } : change);
}

function chargeOf(call: CallRecord) {
  const isSettled = isFinal(call.status);
  return {
    ...{ legId: `leg_${call.id}`, callLegId: `leg_${call.id}`, callId: call.id, customerId: call.customerId },
    ...{ applicationId: call.applicationId, destination: call.to, prefix: '+1', currency: 'EUR' },
    ...{ pricePerMinute: 20_000, firstIncrement: 60, furtherIncrement: 60, createdAt: call.createdAt },
    status: isSettled ? ('settled' as const) : ('reserved' as const),
    ...{ reserved: 20_000, amount: isSettled ? 20_000 : 0, billedSeconds: isSettled ? 60 : 0 },
    ...{ answeredAt: call.answeredAt, settledAt: call.endedAt },
  };
}

/** Every third call is outbound; callers, and the numbers that are called outbound, are spread over ten million. */
function callOf(storage: Storage, n: number): CallRecord {
  const owner = n % 2 === 0 ? 0 : n % 100;
  const number = String((n * 2_654_435_761) % 10_000_019)
    .padStart(7, '0')
    .slice(-7);
  const isOutbound = n % 3 === 0;
  return aCall(storage.ids.next('call'), {
    ...{ applicationId: applicationId(owner), customerId: customerId(owner) },
    direction: isOutbound ? 'outbound' : 'inbound',
    from: `+1555${number}`,
    to: isOutbound ? `+1800${number}` : `+1800000${String(n % 500).padStart(4, '0')}`,
    createdAt: Math.round(systemClock.now()),
    metadata: { order: 'A-1' },
  });
}
