import { sleep, systemClock } from '../../../src/core/index.ts';
import { KINDS, type Kind } from '../kinds.ts';
import type { Caller } from './caller.ts';

/** Calls a number, talks, and hangs up, unless somebody else does. */
export const calls =
  (kind: Kind): Caller =>
  async ({ phones, server, random, signal, live }, from) => {
    const phone = await phones.call(server, KINDS[kind].number, from);
    live.add(phone);
    const bored = sleep(systemClock, 300 + random.float() * 2500, signal);
    await Promise.race([bored, phone.dialog.ended]);
    bored.catch(() => {});
    signal.throwIfAborted();
    live.delete(phone);
    await phones.hangUp(phone);
  };
