import { sleep, systemClock } from '../../../src/core/index.ts';
import type { Caller } from './caller.ts';
import { calls } from './inbound.ts';

/** A call that is recorded, paused, resumed, stopped and at last hung up by orders over REST. */
export const ordered: Caller = async (world, from) => {
  const { receiver, rest, random, signal } = world;
  const over = new AbortController();
  const order = receiver.answered(from, AbortSignal.any([signal, over.signal])).then(async (callId) => {
    const wait = () => sleep(systemClock, 50 + random.float() * 300, signal);
    await rest.record(callId, 'start');
    await wait();
    await rest.record(callId, 'pause', { mode: random.float() < 0.5 ? 'silence' : 'skip' });
    await wait();
    await rest.record(callId, 'resume');
    await wait();
    await rest.record(callId, 'stop');
    await rest.hangup(callId);
  });
  order.catch(() => {});
  await calls('ordered')(world, from).finally(() => over.abort());
  await order.catch(() => {});
};
