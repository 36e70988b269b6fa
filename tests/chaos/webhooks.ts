import { eventRecord, Harness } from '../../src/webhooks/testing/harness.ts';
import type { Chapter, Fault } from './fault.ts';
import type { Seen } from './world.ts';

const HOUR = 3_600_000;
const CALLS = 200;

/** Delivers two events of each of many calls to a receiver that fails for some hours of virtual time. */
async function away(how: () => number | Error, jump = 0): Promise<Seen> {
  const harness = new Harness();
  harness.receiver = how;
  for (let call = 0; call < CALLS; call++)
    harness.commit(eventRecord(1, `call_${call}`), eventRecord(2, `call_${call}`));
  await harness.clock.advance(HOUR);
  harness.clock.jump(jump);
  const { inMemory, counts } = harness.deliveries;
  await harness.clock.advance(2 * HOUR);
  harness.receiver = () => 204;
  await harness.clock.advance(8 * HOUR);
  const { pending, delivered } = harness.deliveries.counts;
  return {
    caller: 'notices nothing',
    application: `${delivered} of ${2 * CALLS} events when it is back, none lost`,
    operator: `\`minivoice_events_pending\` ${counts.pending} meanwhile, ${inMemory || 'none'} of them in memory; ${pending} afterwards`,
  };
}

const fault = (name: string, happen: () => Promise<Seen>): Fault => ({
  name,
  happen,
  promised: {
    caller: 'notices nothing',
    application: `${2 * CALLS} of ${2 * CALLS} events when it is back, none lost`,
    operator: `\`minivoice_events_pending\` ${2 * CALLS} meanwhile, none of them in memory; 0 afterwards`,
  },
});

export const webhooks: Chapter = {
  title: 'Webhooks',
  note: 'Deliveries only, in virtual time.',
  faults: [
    fault('a receiver that answers 500 for three hours', () => away(() => 500)),
    fault('a receiver that cannot be reached for three hours', () => away(() => new Error('connect failed'))),
    fault('a receiver that answers 500 for three hours, while the clock jumps forward by an hour', () =>
      away(() => 500, HOUR),
    ),
    fault('a receiver that answers 500 for three hours, while the clock jumps back by an hour', () =>
      away(() => 500, -HOUR),
    ),
  ],
};
