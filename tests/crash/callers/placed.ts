import { sleep, systemClock } from '../../../src/core/index.ts';
import { KINDS } from '../kinds.ts';
import type { Caller } from './caller.ts';

let keys = 0;

/** A call that is placed over REST, answered, and hung up over REST before it ends by itself. */
export const placed: Caller = async ({ phones, rest, random, signal }) => {
  const key = `order-${++keys}`;
  const callId = await rest.place(key, {
    ...{ from: KINDS.recorded.number, to: `sip:${key}@${phones.address}` },
    ...{ record: true, timeout_seconds: 5, metadata: { key } },
    actions: [{ pause: { seconds: 2 } }],
  });
  await sleep(systemClock, 100 + random.float() * 2000, signal);
  if (callId) await rest.hangup(callId);
};
